package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vfio.server.VfioDevice;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device that is in the card now, and what has to be undone when it leaves: the endpoint first, so that nobody drives it
 * any more, then the rest in the opposite order of its making.
 *
 * <p>Owner: the card's control thread; of a virtual function that of its physical one. {@link #function} and {@link #refresh} are the
 * card's to call in both cases.
 */
final class Plugged {
    private static final Logger LOG = LoggerFactory.getLogger(Plugged.class);

    private final String id;
    private final Deque<AutoCloseable> undoing = new ArrayDeque<>();
    private final List<CounterGroup> groups = new ArrayList<>();
    private volatile @Nullable CardFunction function;
    private @Nullable SocketEndpoint endpoint;
    private @Nullable VfioDevice presented;
    private @Nullable VirtualDevices virtuals;

    Plugged(String id) {
        this.id = id;
    }

    String id() {
        return id;
    }

    /** Has this done, too, when the device leaves; before what was said earlier. */
    void undo(AutoCloseable step) {
        undoing.push(step);
    }

    /** These counters are the device's. */
    CounterGroup counting(CounterGroup group) {
        groups.add(group);
        return group;
    }

    /** Takes its counters off the table, after {@link #unplug}. A card that ends leaves them to be read. */
    void retireCounters(CounterTable counters) {
        groups.forEach(counters::retire);
        groups.clear();
    }

    void made(CardFunction function) {
        this.function = function;
    }

    /** Its function; null while it is being made, and for a port without a virtio device. */
    @Nullable
    CardFunction function() {
        return function;
    }

    /** Looks whether its disk has another size now. Not while it leaves: its store may be closed. */
    synchronized void refresh() {
        if (function != null) {
            function.refresh();
        }
    }

    void presented(VfioDevice device) {
        presented = device;
    }

    /** As which PCI function it is presented; null for none. */
    @Nullable
    VfioDevice presented() {
        return presented;
    }

    void virtuals(VirtualDevices devices) {
        virtuals = devices;
    }

    /** Its virtual functions, null if it can have none. */
    @Nullable
    VirtualDevices virtuals() {
        return virtuals;
    }

    void served(SocketEndpoint endpoint) {
        this.endpoint = endpoint;
    }

    boolean isServed() {
        return endpoint != null;
    }

    /** Nobody can connect from now on, and the session ends soon; does not wait. */
    void stop() {
        if (endpoint != null) {
            endpoint.stop();
        }
    }

    /** Waits until its session has ended. */
    void endSession() {
        if (endpoint != null) {
            endpoint.close();
            endpoint = null;
        }
    }

    /** Ends the session and releases everything. */
    void unplug() {
        endSession();
        synchronized (this) {
            function = null;
        }
        while (!undoing.isEmpty()) {
            try {
                undoing.pop().close();
            } catch (Exception e) {
                LOG.error("{}: not all of it was released", id, e);
            }
        }
    }
}
