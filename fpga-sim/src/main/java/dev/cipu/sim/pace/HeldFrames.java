package dev.cipu.sim.pace;

/**
 * Frames that wait for their time, in the order in which they came: a ring in arrays. A frame is never due before the one ahead of
 * it, so that those of a flow keep their order. Owner: the switch's worker; it has one holder's part of each frame's slot.
 */
final class HeldFrames {
    /** Frames at most. */
    static final int CAPACITY = 512;

    private static final int MASK = CAPACITY - 1;

    private final int[] slots = new int[CAPACITY];
    private final int[] lengths = new int[CAPACITY];
    private final long[] offloads = new long[CAPACITY];
    private final long[] dues = new long[CAPACITY];
    private int head;
    private int tail;

    int count() {
        return tail - head;
    }

    int room() {
        return CAPACITY - count();
    }

    /** Holds a frame back; there must be room. Returns when it is due. */
    long add(int slot, int length, long offload, long due) {
        int at = tail & MASK;
        slots[at] = slot;
        lengths[at] = length;
        offloads[at] = offload;
        dues[at] = count() == 0 ? due : Moments.later(due, dues[(tail - 1) & MASK]);
        tail++;
        return dues[at];
    }

    /** Whether there is a frame and its time has come. */
    boolean isDue(long now) {
        return head != tail && !Moments.isAfter(due(), now);
    }

    /** When the first frame is due; there must be one, as for the methods below. */
    long due() {
        return dues[head & MASK];
    }

    int slot() {
        return slots[head & MASK];
    }

    int length() {
        return lengths[head & MASK];
    }

    long offload() {
        return offloads[head & MASK];
    }

    /** The first frame goes. */
    void remove() {
        head++;
    }
}
