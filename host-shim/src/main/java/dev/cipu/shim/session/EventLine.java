package dev.cipu.shim.session;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.ring.Interrupt;
import org.jspecify.annotations.Nullable;

/**
 * Where calls to a peer go. Workers raise, the session's thread changes the target at any time, without stopping what
 * raises: the descriptor number stays the same and is made to mean another event. Closed once nobody raises any more.
 */
public final class EventLine implements Interrupt, AutoCloseable {
    private @Nullable EventFd slot;
    private volatile @Nullable EventFd target;

    /** Consumes {@code event}. */
    public void connect(EventFd event) {
        EventFd line = slot;
        if (line == null) {
            line = event;
            slot = line;
        } else {
            line.become(event);
        }
        target = line;
    }

    /** Whether there is somebody to call. */
    public boolean isConnected() {
        return target != null;
    }

    /** Nobody is called any more. */
    public void disconnect() {
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
