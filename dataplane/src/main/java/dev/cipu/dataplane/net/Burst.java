package dev.cipu.dataplane.net;

/**
 * Up to {@value #CAPACITY} frames on their way: pool slots with their lengths, and what is still to be done to each. A
 * burst does not own its slots; who took them releases them.
 */
public final class Burst {
    public static final int CAPACITY = 64;

    /** Slot in the upper half, length in the lower. */
    final long[] frame = new long[CAPACITY];

    final long[] offload = new long[CAPACITY];
    int count;

    /** Frames in the burst. */
    public int count() {
        return count;
    }

    /** How many more fit. */
    public int room() {
        return CAPACITY - count;
    }

    public void clear() {
        count = 0;
    }

    /**
     * Appends a frame; there must be room.
     *
     * @param offload see {@link Offload}
     */
    public void add(int slot, int length, long offload) {
        int i = count;
        this.frame[i] = (long) slot << 32 | length;
        this.offload[i] = offload;
        count = i + 1;
    }

    void add(Burst from, int index) {
        int i = count;
        frame[i] = from.frame[index];
        offload[i] = from.offload[index];
        count = i + 1;
    }

    public int slot(int index) {
        return (int) (frame[index] >>> 32);
    }

    public int length(int index) {
        return (int) frame[index];
    }

    public long offload(int index) {
        return offload[index];
    }

    void clearOffload(int index) {
        offload[index] = Offload.NONE;
    }

    /** Releases every slot of the burst and empties it. */
    void release(PacketPool pool) {
        for (int i = 0; i < count; i++) {
            pool.release(slot(i));
        }
        count = 0;
    }
}
