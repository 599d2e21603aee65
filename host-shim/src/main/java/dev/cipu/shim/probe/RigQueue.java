package dev.cipu.shim.probe;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.virtio.driver.DriverQueue;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A ring of a {@link Rig} with its events. It is driven either through {@link #ring} or through {@link #raw}, never both. */
public final class RigQueue implements AutoCloseable {
    private final int index;
    private final int size;
    private final @Nullable DriverQueue ring;
    private final @Nullable RawRing raw;
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final EventFd error = EventFd.create();
    private long calls;

    RigQueue(int index, DriverQueue ring) {
        this.index = index;
        this.size = ring.size();
        this.ring = ring;
        this.raw = null;
    }

    RigQueue(int index, RawRing raw) {
        this.index = index;
        this.size = raw.size();
        this.ring = null;
        this.raw = raw;
    }

    /** A chain that came back. */
    public record Used(int head, long length) {}

    public int index() {
        return index;
    }

    public int size() {
        return size;
    }

    /** The driver's half, for a ring that obeys the rules. */
    public DriverQueue ring() {
        if (ring == null) {
            throw new IllegalStateException("queue " + index + " is a raw one");
        }
        return ring;
    }

    /** The bare fields. */
    public RawRing raw() {
        if (raw == null) {
            throw new IllegalStateException("queue " + index + " is no raw one");
        }
        return raw;
    }

    long descriptorAddress() {
        return raw == null ? ring().descriptorAddress() : raw.descriptorAddress();
    }

    long availAddress() {
        return raw == null ? ring().driverAreaAddress() : raw.availAddress();
    }

    long usedAddress() {
        return raw == null ? ring().deviceAreaAddress() : raw.usedAddress();
    }

    /** Adds a chain, readable parts first, to the driver's half without publishing it; returns its head, -1 if there is no room. */
    public int add(List<Part> parts) {
        long[] addresses = new long[parts.size()];
        int[] lengths = new int[parts.size()];
        int readable = 0;
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = parts.get(i).address();
            lengths[i] = parts.get(i).length();
            readable += parts.get(i).writable() ? 0 : 1;
        }
        return ring().add(addresses, lengths, readable, addresses.length);
    }

    /** Publishes what was added and kicks the device if it wants to be. */
    public void publish() {
        if (ring().publish()) {
            kick();
        }
    }

    /** Adds, publishes, kicks. */
    public int give(List<Part> parts) {
        int head = add(parts);
        if (head < 0) {
            throw new IllegalStateException("queue " + index + " is full");
        }
        publish();
        return head;
    }

    /** The next chain that the device has used, or null if there is none within {@code limit}. */
    public @Nullable Used take(Duration limit) {
        int[] head = {-1};
        Pause.until(
                () -> {
                    head[0] = ring().poll();
                    return head[0] >= 0;
                },
                limit);
        return head[0] < 0 ? null : new Used(head[0], Integer.toUnsignedLong(ring().usedLength()));
    }

    public void kick() {
        kick.signal();
    }

    /** Calls so far. */
    public long calls() {
        calls += call.drain();
        return calls;
    }

    /** Whether there was an error event since the last question. */
    public boolean takeError() {
        return error.drain() > 0;
    }

    public EventFd kickEvent() {
        return kick;
    }

    public EventFd callEvent() {
        return call;
    }

    public EventFd errorEvent() {
        return error;
    }

    @Override
    public void close() {
        kick.close();
        call.close();
        error.close();
    }
}
