package dev.cipu.dataplane.net;

/**
 * An uplink that sends back whatever reaches it, unchanged: the far end of a load test. Its frames teach the switch
 * nothing, since their source addresses belong to other ports.
 */
public final class Loopback implements Port {
    /** Frames, and so slots of the pool, that it holds at most. */
    public static final int CAPACITY = 1024;

    private static final int MASK = CAPACITY - 1;

    private final PacketPool pool;
    private final long[] frame = new long[CAPACITY];
    private final long[] offload = new long[CAPACITY];
    private int head;
    private int tail;
    private long dropped;

    public Loopback(PacketPool pool) {
        this.pool = pool;
    }

    @Override
    public int receive(Burst burst) {
        int n = Math.min(burst.room(), tail - head);
        for (int i = 0; i < n; i++) {
            int at = head++ & MASK;
            burst.frame[burst.count] = frame[at];
            burst.offload[burst.count++] = offload[at];
        }
        return n;
    }

    @Override
    public void transmit(Burst burst) {
        int n = Math.min(burst.count, CAPACITY - (tail - head));
        for (int i = 0; i < n; i++) {
            int at = tail++ & MASK;
            pool.retain(burst.slot(i));
            frame[at] = burst.frame[i];
            offload[at] = burst.offload[i];
        }
        dropped += burst.count - n;
    }

    @Override
    public boolean learns() {
        return false;
    }

    @Override
    public boolean arm() {
        return head == tail;
    }

    @Override
    public void disarm() {}

    /** Frames that found the queue full. */
    public long dropped() {
        return dropped;
    }
}
