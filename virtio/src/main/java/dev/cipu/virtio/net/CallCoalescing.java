package dev.cipu.virtio.net;

import java.util.Arrays;

/**
 * How long the driver lets each queue's calls wait. Queue 2N is a receiveq, 2N+1 a transmitq. {@code [virtio-1.4 §5.1.6.5.10]}
 */
public final class CallCoalescing {
    /** The longest wait that this device is able to. */
    public static final int MAX_USECS = 1_000_000;

    /** No waiting: a call after each burst. */
    private static final long NONE = 0;

    /** max_usecs above max_packets, as the structure is read. */
    private final long[] ofQueue;

    /** What receiveqs and what transmitqs begin with. */
    private final long[] initial = new long[2];

    private boolean any;

    CallCoalescing(int queues) {
        ofQueue = new long[queues];
    }

    /** Whether the device is able to keep these parameters; both are unsigned. */
    public static boolean isPossible(long parameters) {
        return parameters >>> 32 <= MAX_USECS;
    }

    void reset() {
        Arrays.fill(ofQueue, NONE);
        Arrays.fill(initial, NONE);
        any = false;
    }

    /**
     * Sets all queues of a direction.
     *
     * @param direction 0 for receiveqs, 1 for transmitqs
     */
    public void setAll(int direction, long parameters) {
        initial[direction] = parameters;
        for (int i = direction; i < ofQueue.length; i += 2) {
            ofQueue[i] = parameters;
        }
        look();
    }

    public void set(int queue, long parameters) {
        ofQueue[queue] = parameters;
        look();
    }

    /** A queue begins anew with what was set for all of its direction. */
    public void queueBegins(int queue) {
        ofQueue[queue] = initial[queue & 1];
        look();
    }

    private void look() {
        any = false;
        for (long parameters : ofQueue) {
            any |= waits(parameters);
        }
    }

    private static boolean waits(long parameters) {
        return (int) parameters != 0 && parameters >>> 32 != 0;
    }

    /** Whether some queue's calls wait. */
    public boolean isOn() {
        return any;
    }

    /** Whether this queue's calls wait: both parameters are above 0. */
    public boolean waits(int queue) {
        return waits(ofQueue[queue]);
    }

    /** max_packets below, max_usecs above. */
    public long parameters(int queue) {
        return ofQueue[queue];
    }

    public long maxPackets(int queue) {
        return ofQueue[queue] & 0xffff_ffffL;
    }

    public long maxNanos(int queue) {
        return (ofQueue[queue] >>> 32) * 1000;
    }
}
