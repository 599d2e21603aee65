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
        int at = head & MASK;
        // up to the end of the ring; the rest comes a turn later
        int n = Math.min(Math.min(burst.room(), tail - head), CAPACITY - at);
        System.arraycopy(frame, at, burst.frame, burst.count, n);
        System.arraycopy(offload, at, burst.offload, burst.count, n);
        burst.count += n;
        head += n;
        return n;
    }

    @Override
    public void transmit(Burst burst) {
        int n = Math.min(burst.count, CAPACITY - (tail - head));
        int at = tail & MASK;
        int first = Math.min(n, CAPACITY - at);
        System.arraycopy(burst.frame, 0, frame, at, first);
        System.arraycopy(burst.offload, 0, offload, at, first);
        System.arraycopy(burst.frame, first, frame, 0, n - first);
        System.arraycopy(burst.offload, first, offload, 0, n - first);
        tail += n;
        dropped += burst.count - n;
        burst.keep(n, pool);
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
