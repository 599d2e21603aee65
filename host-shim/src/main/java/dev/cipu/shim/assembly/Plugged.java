package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.session.SocketEndpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device that is in the card now, and what has to be undone when it leaves: the endpoint first, so that nobody drives it
 * any more, then the rest in the opposite order of its making. Owner: the card's control thread.
 */
final class Plugged {
    private static final Logger LOG = LoggerFactory.getLogger(Plugged.class);

    private final String id;
    private final Deque<AutoCloseable> undoing = new ArrayDeque<>();
    private final List<CounterGroup> groups = new ArrayList<>();
    private @Nullable CardFunction function;
    private @Nullable SocketEndpoint endpoint;

    Plugged(String id) {
        this.id = id;
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
        while (!undoing.isEmpty()) {
            try {
                undoing.pop().close();
            } catch (Exception e) {
                LOG.error("{}: not all of it was released", id, e);
            }
        }
    }
}
