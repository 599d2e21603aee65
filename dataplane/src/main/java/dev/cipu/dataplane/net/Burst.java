package dev.cipu.dataplane.net;

import java.util.Arrays;

/**
 * Up to {@value #CAPACITY} frames on their way: pool slots with their lengths, and what is still to be done to each. A
 * burst does not own its slots; who took them releases them.
 */
public final class Burst {
    public static final int CAPACITY = 128;

    /** Slot in the upper half, length in the lower. */
    final long[] frame = new long[CAPACITY];

    final long[] offload = new long[CAPACITY];
    int count;

    /** Whether nobody else holds the slots. */
    private final boolean sole;

    /** A burst of frames that others may hold too. */
    public Burst() {
        this(false);
    }

    /**
     * @param sole whether who has the burst is the only holder of its slots
     */
    Burst(boolean sole) {
        this.sole = sole;
    }

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
        set(i, slot, length, offload);
        count = i + 1;
    }

    /** Writes a frame at a place of the burst; who does so sets the count. */
    void set(int index, int slot, int length, long offload) {
        this.frame[index] = (long) slot << 32 | length;
        this.offload[index] = offload;
    }

    /**
     * Appends frames that nothing is to be done to; there must be room.
     *
     * @param slots the slot of the first one is at {@code top}, that of the next one below it
     * @param chains for each its length in the lower half, the header included
     * @param from the first one's place in {@code chains}
     * @return bytes of all of them
     */
    long append(int[] slots, int top, long[] chains, int from, int to, int header) {
        long bytes = 0;
        int at = count - from;
        for (int i = from; i < to; i++) {
            int length = (int) chains[i] - header;
            frame[at + i] = (long) slots[top + from - i] << 32 | length;
            bytes += length;
        }
        Arrays.fill(offload, count, count + to - from, Offload.NONE);
        count += to - from;
        return bytes;
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

    /** The first {@code kept} frames stay with the caller, too; a burst whose sole holder gives all away is empty then. */
    void keep(int kept, PacketPool pool) {
        if (sole && kept == count) {
            count = 0;
            return;
        }
        for (int i = 0; i < kept; i++) {
            pool.retain(slot(i));
        }
    }

    /** Releases every slot of the burst and empties it. */
    void release(PacketPool pool) {
        pool.release(frame, count);
        count = 0;
    }
}
