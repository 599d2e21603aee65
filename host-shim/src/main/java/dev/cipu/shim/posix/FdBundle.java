package dev.cipu.shim.posix;

import java.util.ArrayDeque;

/**
 * The descriptors that came with one message, in order, each owned until somebody takes it. Closing closes those that
 * nobody took. Owned by the thread that reads the socket.
 */
public final class FdBundle implements AutoCloseable {
    private final ArrayDeque<Fd> waiting = new ArrayDeque<>();

    void add(Fd fd) {
        waiting.add(fd);
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
        for (Fd next = waiting.poll(); next != null; next = waiting.poll()) {
            next.close();
        }
    }
}
