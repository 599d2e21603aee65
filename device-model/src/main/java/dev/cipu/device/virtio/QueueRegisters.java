package dev.cipu.device.virtio;

import java.util.Arrays;

/**
 * What a driver says of one virtqueue. Owner: the function's control thread, but for the vector, which whoever serves the queue
 * reads.
 */
final class QueueRegisters {
    private static final int PARTS = 3;

    private final int most;
    private final long[] areas = new long[PARTS];
    private int size;
    private boolean enabled;
    private boolean running;
    private boolean resetting;
    private volatile int vector = CommonLayout.NO_VECTOR;

    /**
     * @param most the largest size, a power of two
     */
    QueueRegisters(int most) {
        this.most = most;
        size = most;
    }

    int size() {
        return size;
    }

    /** Sizes that no ring can have change nothing. {@code [virtio-1.4 §4.1.4.3.1]} */
    void size(int wanted, boolean packed) {
        if (wanted > 0 && wanted <= most && (packed || Integer.bitCount(wanted) == 1)) {
            size = wanted;
        }
    }

    long area(int at) {
        return areas[index(at)];
    }

    /** Writes an address, or a half of one. */
    void area(int at, int bytes, long value) {
        int shift = at % Long.BYTES * Byte.SIZE;
        long mask = bytes == Long.BYTES ? -1 : 0xffff_ffffL << shift;
        areas[index(at)] = (areas[index(at)] & ~mask) | (value << shift & mask);
    }

    private static int index(int at) {
        return (at - CommonLayout.QUEUE_DESC) / Long.BYTES;
    }

    int vector() {
        return vector;
    }

    void vector(int next) {
        vector = next;
    }

    boolean isEnabled() {
        return enabled;
    }

    void enable() {
        enabled = true;
    }

    boolean isRunning() {
        return running;
    }

    void running(boolean on) {
        running = on;
    }

    boolean isResetting() {
        return resetting;
    }

    void resetting(boolean on) {
        resetting = on;
    }

    /** As after power-on. */
    void reset() {
        size = most;
        enabled = false;
        running = false;
        vector = CommonLayout.NO_VECTOR;
        Arrays.fill(areas, 0);
    }
}
