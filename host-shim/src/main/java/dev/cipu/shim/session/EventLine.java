package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.ring.Interrupt;
import org.jspecify.annotations.Nullable;

/**
 * Where a ring's calls go. A worker raises, the session's thread changes the target at any time, without stopping the
 * ring: the descriptor number stays the same and is made to mean another event. Closed once the ring is detached.
 */
final class CallLine implements Interrupt, AutoCloseable {
    private @Nullable EventFd slot;
    private volatile @Nullable EventFd target;

    /** Consumes {@code event}. It is signalled once: a call that went to its predecessor unseen is not lost. */
    void connect(EventFd event) {
        EventFd line = slot;
        if (line == null) {
            line = event;
            slot = line;
        } else {
            line.become(event);
        }
        target = line;
        line.signal();
    }

    /** The front-end polls: nothing is raised any more. */
    void disconnect() {
        target = null;
    }

    @Override
    public void raise() {
        EventFd line = target;
        if (line != null) {
            line.signal();
        }
    }

    @Override
    public void close() {
        target = null;
        if (slot != null) {
            slot.close();
            slot = null;
        }
    }
}
