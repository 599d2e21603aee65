package dev.cipu.shim.replay.live;

import java.util.Arrays;

/** Which queue of the device gets what a recorded queue had: one of its own each, as far as the device has as many. */
final class Places {
    /** Queues, or pairs, of a device that are used at most; others share them. */
    static final int MOST = 64;

    private final int[] recorded;
    private final int count;

    /**
     * @param recorded indexes of the recorded queues, or pairs
     * @param there queues, or pairs, that the device has
     */
    Places(int[] recorded, int there) {
        this.recorded = Arrays.stream(recorded).sorted().distinct().toArray();
        count = Math.clamp(Math.min(there, MOST), 1, Math.max(1, this.recorded.length));
    }

    /** Queues, or pairs, of the device that are used. */
    int count() {
        return count;
    }

    /** Recorded queues, or pairs. */
    int recorded() {
        return recorded.length;
    }

    /** The device's queue, or pair, for a recorded one; the first for one that was not there when it was counted. */
    int of(int index) {
        return Math.max(0, Arrays.binarySearch(recorded, index)) % count;
    }
}
