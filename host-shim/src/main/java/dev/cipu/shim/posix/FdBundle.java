package dev.cipu.shim.posix;

import java.util.ArrayDeque;

/**
 * The descriptors that came with one message, in order, each owned until somebody takes it. Closing closes those that
 * nobody took; one more than may be waiting closes all and marks the bundle. Owned by the thread that reads the socket.
 */
public final class FdBundle implements AutoCloseable {
    private final ArrayDeque<Fd> waiting = new ArrayDeque<>();
    private final int most;
    private boolean overfull;

    /** A bundle for as many as come. */
    public FdBundle() {
        this(Integer.MAX_VALUE);
    }

    /**
     * @param most descriptors that may be waiting
     */
    public FdBundle(int most) {
        this.most = most;
    }

    void add(Fd fd) {
        waiting.add(fd);
        if (overfull || waiting.size() > most) {
            close();
            overfull = true;
        }
    }

    /** Whether more came than may be waiting, since the bundle was last closed. */
    public boolean isOverfull() {
        return overfull;
    }

    /** How many may be waiting. */
    public int most() {
        return most;
    }

    /** How many are left. */
    public int count() {
        return waiting.size();
    }

    /** The next descriptor; the caller owns it from now on. */
    public Fd take() {
        Fd next = waiting.poll();
        if (next == null) {
            throw new IllegalStateException("no descriptor left");
        }
        return next;
    }

    @Override
    public void close() {
        overfull = false;
        for (Fd next = waiting.poll(); next != null; next = waiting.poll()) {
            next.close();
        }
    }
}
