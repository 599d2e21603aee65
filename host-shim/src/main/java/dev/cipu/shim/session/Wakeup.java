package dev.cipu.shim.session;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;

/**
 * Wakes a session's thread. Whoever has something to tell may come while the session closes; the lock keeps it from a number
 * that is someone else's by then.
 */
public final class Wakeup implements AutoCloseable {
    private final EventFd event = EventFd.create();

    /** What the session's thread waits for. */
    public Fd fd() {
        return event.fd();
    }

    /** Any thread. */
    public void wake() {
        wake(() -> {});
    }

    /** Wakes, and does something more unless the session is closed already. Any thread. */
    public synchronized void wake(Runnable besides) {
        if (event.fd().isOpen()) {
            event.signal();
            besides.run();
        }
    }

    /** The session's thread has been woken. */
    public void taken() {
        event.drain();
    }

    @Override
    public synchronized void close() {
        event.close();
    }
}
