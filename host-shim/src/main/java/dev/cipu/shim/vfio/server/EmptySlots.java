package dev.cipu.shim.vfio.server;

import dev.cipu.shim.posix.UnixSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The clients of a card whose functions were pulled out while they used them. Each meets an {@link EmptySlot} until it leaves:
 * a machine survives that a card vanishes, but QEMU 11 takes a server that hangs up for a mistake of its own and aborts.
 * Any thread. When it is closed all of them lose their connections, and none comes any more.
 */
public final class EmptySlots implements AutoCloseable {
    /** Clients beyond these lose their connections at once: one may come again and again to functions that go. */
    private static final int MOST = 256;

    private final Map<EmptySlot, Thread> taken = new HashMap<>();
    private boolean closed;

    public EmptySlots() {}

    /** For functions that are never pulled out: it takes nobody. */
    public static EmptySlots none() {
        EmptySlots none = new EmptySlots();
        none.close();
        return none;
    }

    /** Whether clients are taken. */
    synchronized boolean isOpen() {
        return !closed;
    }

    /** Takes a client that is between two messages; the socket stays the caller's to close. */
    synchronized void take(UnixSocket socket, Duration patience) {
        if (closed || taken.size() >= MOST) {
            return;
        }
        EmptySlot slot = new EmptySlot(new UnixSocket(socket.fd().duplicate()), patience);
        taken.put(slot, Thread.ofPlatform().name("empty-slot").daemon().start(() -> {
            slot.run();
            leave(slot);
        }));
    }

    /** Whoever is still listed may be stopped, so a slot is closed in the same step that takes it off the list. */
    private synchronized void leave(EmptySlot slot) {
        taken.remove(slot);
        slot.close();
    }

    /** Those that are here now. */
    synchronized int count() {
        return taken.size();
    }

    @Override
    public void close() {
        Map<EmptySlot, Thread> left;
        synchronized (this) {
            closed = true;
            taken.keySet().forEach(EmptySlot::stop);
            left = Map.copyOf(taken);
        }
        boolean interrupted = false;
        for (Thread each : left.values()) {
            while (each.isAlive()) {
                try {
                    each.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
