package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.ring.TranslationMiss;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueViolation;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The port behind which a guest sits: the device's side of a virtio-net device's queues.
 *
 * <p>Names turn round here, once: what the port <em>receives</em> the guest sent, so it comes from a transmitq; what the
 * port <em>transmits</em> the guest gets, so it goes to a receiveq. Queue 2N is the receiveq of pair N, queue 2N+1 its
 * transmitq. {@code [virtio-1.4 §5.1.2]}
 *
 * <p>A frame from the guest is copied once into a slot of the pool and judged on that copy. The switch's worker owns
 * the port; queues come and go on that thread.
 */
public final class GuestPort implements Port {
    /** Names of the counters, in the order of the constants below; tx and rx as the guest sees them. */
    public static final List<String> COUNTERS = List.of(
            "tx_packets",
            "tx_bytes",
            "tx_dropped_bad",
            "tx_dropped_offload",
            "rx_packets",
            "rx_bytes",
            "rx_dropped_no_buffer",
            "rx_dropped_too_big",
            "rx_bad_buffers",
            "calls",
            "violations",
            "memory_faults");

    static final int TX_PACKETS = 0;
    static final int TX_BYTES = 1;
    static final int TX_BAD = 2;
    static final int TX_OFFLOAD = 3;
    static final int RX_PACKETS = 4;
    static final int RX_BYTES = 5;
    static final int RX_NO_BUFFER = 6;
    static final int RX_TOO_BIG = 7;
    static final int RX_BAD_BUFFERS = 8;
    private static final int CALLS = 9;
    private static final int VIOLATIONS = 10;
    private static final int MEMORY_FAULTS = 11;

    /** Ethernet header and one VLAN tag. */
    private static final int L2_OVERHEAD = 18;

    private final NetDevice device;
    private final PacketPool pool;
    private final CounterGroup counters;
    private final QueueListener[] listeners;
    private final @Nullable Virtqueue[] queues;
    private final boolean[] enabled;

    /** Queues behind which memory is gone: not touched any more. */
    private final boolean[] faulted;

    /** Queues that wait for a translation: not touched until their memory is replaced. */
    private final boolean[] missed;

    /** Receiveqs of which a buffer's translation was asked for ahead of its frame. */
    private final boolean[] askedAhead;

    private final LookAhead lookAhead = new LookAhead();
    private boolean translated;

    private final FromGuest[] fromGuest;
    private final ToGuest toGuest;
    private final FlowSteering steering = new FlowSteering();

    private @Nullable Virtqueue[] transmitqs = {};
    private int[] transmitPairs = {};
    private final boolean steers;
    private int turn;
    private boolean unsettled;
    private int generation;

    /**
     * @param device what was negotiated; read when a queue is attached
     * @param counters a group with {@link #COUNTERS}
     * @param nanoTime the worker's clock
     */
    public GuestPort(NetDevice device, PacketPool pool, CounterGroup counters, LongSupplier nanoTime) {
        this.device = device;
        this.pool = pool;
        this.counters = counters;
        listeners = new QueueListener[device.queueCount()];
        Arrays.fill(listeners, QueueListener.NONE);
        queues = new Virtqueue[device.queueCount()];
        enabled = new boolean[device.queueCount()];
        faulted = new boolean[device.queueCount()];
        missed = new boolean[device.queueCount()];
        askedAhead = new boolean[device.queueCount()];
        steers = device.pairs() > 1;
        fromGuest = new FromGuest[device.pairs()];
        for (int i = 0; i < fromGuest.length; i++) {
            fromGuest[i] = new FromGuest(pool, counters, nanoTime);
        }
        toGuest = new ToGuest(pool, counters);
    }

    /** A queue starts; it stays idle until it is enabled. The listener hears when it ends by itself. */
    public void attach(int index, Virtqueue queue, QueueListener listener) {
        queues[index] = queue;
        listeners[index] = listener;
        faulted[index] = false;
        missed[index] = false;
        askedAhead[index] = false;
        featuresChanged();
        refresh();
        try {
            queue.suppressKicks();
        } catch (InternalError e) {
            faulted(index);
        }
    }

    /** A queue stops; nothing touches it any more when this returns. */
    public void detach(int index) {
        finish(index);
        queues[index] = null;
        listeners[index] = QueueListener.NONE;
        refresh();
    }

    /** From now on the chains of an attached queue are found in {@code memory}. */
    public void replaceMemory(int index, GuestMemory memory) {
        Virtqueue queue = queues[index];
        if (queue != null) {
            queue.replaceMemory(memory);
            missed[index] = false;
            askedAhead[index] = false;
            refresh();
            lookAhead(index);
        }
    }

    /** Whether frames may pass through a queue. */
    public void enable(int index, boolean on) {
        if (!on) {
            finish(index);
        }
        enabled[index] = on;
        refresh();
        lookAhead(index);
    }

    private void lookAhead(int index) {
        Virtqueue queue = queues[index];
        if (!translated || queue == null || (index & 1) != 0 || askedAhead[index] || !isLive(index)) {
            return;
        }
        try {
            lookAhead.look(queue);
        } catch (VirtqueueViolation e) {
            violated(index, e);
        } catch (TranslationMiss e) {
            askedAhead[index] = true;
            listeners[index].translationMissed(e.address(), e.write());
        } catch (InternalError e) {
            faulted(index);
        }
    }

    private void featuresChanged() {
        int maxFrame = Math.min(device.mtu() + L2_OVERHEAD, pool.frameBytes());
        translated = device.isNegotiated(RingFeature.ACCESS_PLATFORM);
        boolean checksums = device.isNegotiated(NetFeature.CSUM);
        for (FromGuest from : fromGuest) {
            from.negotiated(maxFrame, checksums);
        }
        toGuest.negotiated(
                maxFrame, device.isNegotiated(NetFeature.MRG_RXBUF), device.isNegotiated(NetFeature.GUEST_CSUM));
    }

    private void refresh() {
        int live = 0;
        for (int i = 1; i < queues.length; i += 2) {
            live += isLive(i) ? 1 : 0;
        }
        transmitqs = new Virtqueue[live];
        transmitPairs = new int[live];
        int n = 0;
        for (int i = 1; i < queues.length; i += 2) {
            if (isLive(i)) {
                transmitqs[n] = queues[i];
                transmitPairs[n++] = i >> 1;
            }
        }
        turn = 0;
        generation++;
    }

    private boolean isLive(int index) {
        Virtqueue queue = queues[index];
        return queue != null && enabled[index] && !faulted[index] && !missed[index] && !queue.isBroken();
    }

    @Override
    public int receive(Burst burst) {
        @Nullable Virtqueue[] from = transmitqs;
        int before = burst.count;
        int then = generation;
        // a queue that breaks changes the list
        for (int i = 0; i < from.length && burst.count < Burst.CAPACITY && generation == then; i++) {
            int at = turn;
            turn = at + 1 == from.length ? 0 : at + 1;
            Virtqueue queue = from[at];
            if (queue != null) {
                receiveFrom(queue, transmitPairs[at], burst);
            }
        }
        return burst.count - before;
    }

    private void receiveFrom(Virtqueue queue, int pair, Burst burst) {
        int before = burst.count;
        try {
            unsettled |= fromGuest[pair].take(queue, burst) > 0;
        } catch (VirtqueueViolation e) {
            violated(2 * pair + 1, e);
        } catch (TranslationMiss e) {
            missed(2 * pair + 1, e);
        } catch (InternalError e) {
            faulted(2 * pair + 1);
        }
        int frames = burst.count - before;
        if (frames > 0) {
            long bytes = 0;
            for (int i = before; i < burst.count; i++) {
                bytes += burst.length(i);
            }
            counters.add(TX_PACKETS, frames);
            counters.add(TX_BYTES, bytes);
            if (steers) {
                for (int i = before; i < burst.count; i++) {
                    steering.sent(HostMemory.ALL, pool.frameOffset(burst.slot(i)), burst.length(i), pair);
                }
            }
        }
    }

    @Override
    public void transmit(Burst burst) {
        if (!steers) {
            Virtqueue queue = isLive(0) ? queues[0] : null;
            if (queue == null) {
                counters.add(RX_NO_BUFFER, burst.count);
            } else {
                transmitTo(queue, 0, burst, 0, burst.count);
            }
            return;
        }
        int i = 0;
        while (i < burst.count) {
            int pair = pairFor(burst, i);
            int to = i + 1;
            while (to < burst.count && pairFor(burst, to) == pair) {
                to++;
            }
            Virtqueue queue = pair < 0 ? null : queues[2 * pair];
            if (queue == null) {
                counters.add(RX_NO_BUFFER, to - i);
            } else {
                transmitTo(queue, pair, burst, i, to);
            }
            i = to;
        }
    }

    /** The pair that frame {@code index} is steered to, the first live one if that is off, -1 if none is live. */
    private int pairFor(Burst burst, int index) {
        int pair = steering.pairFor(HostMemory.ALL, pool.frameOffset(burst.slot(index)), burst.length(index));
        if (2 * pair < queues.length && isLive(2 * pair)) {
            return pair;
        }
        for (int i = 0; i < queues.length; i += 2) {
            if (isLive(i)) {
                return i >> 1;
            }
        }
        return -1;
    }

    private void transmitTo(Virtqueue queue, int pair, Burst burst, int from, int to) {
        unsettled = true;
        int next = from;
        try {
            while (next < to) {
                int begin = next;
                next = Math.min(begin + ToGuest.SLICE, to);
                toGuest.give(queue, burst, begin, next);
            }
        } catch (VirtqueueViolation e) {
            violated(2 * pair, e);
        } catch (TranslationMiss e) {
            missed(2 * pair, e);
        } catch (InternalError e) {
            faulted(2 * pair);
        }
        if (next < to) {
            counters.add(RX_NO_BUFFER, to - next);
        }
        lookAhead(2 * pair);
    }

    private void violated(int index, VirtqueueViolation e) {
        counters.add(VIOLATIONS, 1);
        // what was done before is done
        finish(index);
        refresh();
        if (e.kind() == Violation.ACCESS_DENIED) {
            listeners[index].accessDenied(e.address(), e.write());
        }
        listeners[index].queueBroken(e.kind());
    }

    /** What was done before is done; the rest waits for the translation. */
    private void missed(int index, TranslationMiss e) {
        finish(index);
        missed[index] = true;
        refresh();
        listeners[index].translationMissed(e.address(), e.write());
    }

    private void faulted(int index) {
        counters.add(MEMORY_FAULTS, 1);
        faulted[index] = true;
        refresh();
        listeners[index].memoryFault();
    }

    @Override
    public void settle() {
        if (unsettled) {
            unsettled = false;
            for (int i = 0; i < queues.length; i++) {
                Virtqueue queue = queues[i];
                if (queue != null && !faulted[i]) {
                    settle(queue, i);
                }
            }
        }
    }

    private void settle(Virtqueue queue, int index) {
        try {
            unsettled |= (index & 1) != 0 && fromGuest[index >> 1].keepsBack(queue);
            call(queue);
        } catch (InternalError e) {
            faulted(index);
        }
    }

    private void call(Virtqueue queue) {
        if (queue.call()) {
            counters.add(CALLS, 1);
        }
    }

    /** Publishes all that was done through a queue, and calls the guest if it wants to know. */
    private void finish(int index) {
        Virtqueue queue = queues[index];
        if (queue == null || faulted[index]) {
            return;
        }
        try {
            queue.release();
            call(queue);
        } catch (InternalError e) {
            faulted(index);
        }
    }

    @Override
    public void memoryFault() {
        counters.add(MEMORY_FAULTS, 1);
        for (QueueListener listener : listeners) {
            listener.memoryFault();
        }
    }

    @Override
    public boolean arm() {
        boolean idle = true;
        for (int pair : transmitPairs) {
            finish(2 * pair + 1);
        }
        for (Virtqueue queue : transmitqs) {
            idle &= queue == null || queue.awaitKicks();
        }
        return idle;
    }

    @Override
    public void disarm() {
        for (Virtqueue queue : transmitqs) {
            if (queue != null) {
                queue.suppressKicks();
            }
        }
    }
}
