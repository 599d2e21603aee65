package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.net.control.NetControlCommands;
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
 * transmitq; behind them is the control queue, if the driver has one. {@code [virtio-1.4 §5.1.2]}
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
            "memory_faults",
            "rx_filtered",
            "ctrl_commands",
            "ctrl_errors");

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
    private static final int RX_FILTERED = 12;
    private static final int CONTROL_COMMANDS = 13;
    private static final int CONTROL_ERRORS = 14;

    /** No queue, as an index. */
    private static final int NONE = -1;

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
    private final ReceivePath receivePath;
    private final ControlQueue control;
    private final CallCoalescer coalescer;
    private final Coalescer joiner;

    private @Nullable Virtqueue[] transmitqs = {};
    private int[] transmitPairs = {};

    /** The control queue where it is served, or {@link #NONE}. */
    private int controlIndex = NONE;

    /** Receiveqs and transmitqs come first; their number depends on what was negotiated. */
    private int dataQueues;

    /** Whether the driver wants calls to be coalesced. */
    private boolean coalesces;

    private int turn;
    private boolean unsettled;
    private int generation;

    /** Whether frames for the guest may be joined, and whether they are: it has to take what comes of it. */
    private boolean mayJoin;

    private boolean joins;

    private @Nullable PortJournal journal;

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
        receivePath = new ReceivePath(device, pool, this::isLive);
        control = new ControlQueue(new NetControlCommands(device.control(), this::isLiveDataQueue), this::negotiated);
        coalescer = new CallCoalescer(device.control().coalescing(), device.queueCount(), nanoTime);
        fromGuest = new FromGuest[device.pairs()];
        for (int i = 0; i < fromGuest.length; i++) {
            fromGuest[i] = new FromGuest(pool, counters, nanoTime);
        }
        toGuest = new ToGuest(pool, counters);
        joiner = new Coalescer(pool);
        negotiated();
    }

    /**
     * Whether neighbours of a burst may reach the guest as one large frame, if it takes such. It costs a look at the headers of
     * every frame and another copy of those that are joined, and spares the guest most of its work on bulk transfers. Off at first.
     */
    public void coalesce(boolean on) {
        mayJoin = on;
        negotiated();
    }

    /** Has all that passes the port recorded, from now on; before its control queue is attached. */
    public void record(PortJournal journal) {
        this.journal = journal;
        for (int i = 0; i < fromGuest.length; i++) {
            fromGuest[i].journal(journal.transmitq(i));
        }
    }

    /** A queue starts; it stays idle until it is enabled. The listener hears when it ends by itself. */
    public void attach(int index, Virtqueue queue, QueueListener listener) {
        queues[index] = queue;
        listeners[index] = listener;
        faulted[index] = false;
        missed[index] = false;
        askedAhead[index] = false;
        if (device.isControl(index)) {
            device.control().serve();
            control.journal(journal == null ? null : journal.control(index));
        } else if (index < device.dataQueues()) {
            device.control().coalescing().queueBegins(index);
        }
        negotiated();
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
        if (journal != null) {
            journal.rest(index);
        }
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
        boolean receives = (index & 1) == 0 && index < dataQueues;
        if (!translated || queue == null || !receives || askedAhead[index] || !isLive(index)) {
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

    /** Takes over what driver and device have agreed on, and what the driver has said since. */
    private void negotiated() {
        dataQueues = device.dataQueues();
        int maxFrame = Math.min(device.mtu() + L2_OVERHEAD, pool.frameBytes());
        translated = device.isNegotiated(RingFeature.ACCESS_PLATFORM);
        boolean reports = device.isNegotiated(NetFeature.HASH_REPORT);
        for (FromGuest from : fromGuest) {
            from.negotiated(device.negotiated(), maxFrame);
            from.headerBytes(reports ? NetHeader.HASH_BYTES : NetHeader.BYTES);
        }
        receivePath.changed();
        coalesces = device.control().coalescing().isOn();
        FeatureSet inForce = device.control().inForce();
        toGuest.header(reports ? receivePath.hashes() : null);
        toGuest.negotiated(inForce, maxFrame);
        joiner.negotiated(inForce);
        // frames that are reported with their hashes stay what they were when those were computed
        joins = mayJoin && !reports && joiner.isWanted();
    }

    private void refresh() {
        int live = 0;
        for (int i = 1; i < dataQueues; i += 2) {
            live += isLive(i) ? 1 : 0;
        }
        transmitqs = new Virtqueue[live];
        transmitPairs = new int[live];
        int n = 0;
        for (int i = 1; i < dataQueues; i += 2) {
            if (isLive(i)) {
                transmitqs[n] = queues[i];
                transmitPairs[n++] = i >> 1;
            }
        }
        int index = device.controlQueue();
        controlIndex = index >= 0 && isLive(index) ? index : NONE;
        turn = 0;
        generation++;
    }

    private boolean isLive(int index) {
        Virtqueue queue = queues[index];
        return queue != null && enabled[index] && !faulted[index] && !missed[index] && !queue.isBroken();
    }

    private boolean isLiveDataQueue(int index) {
        return index < dataQueues && isLive(index);
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
            int chains = fromGuest[pair].take(queue, burst);
            unsettled |= chains > 0;
            if (coalesces) {
                coalescer.passed(2 * pair + 1, chains);
            }
        } catch (VirtqueueViolation e) {
            violated(2 * pair + 1, e);
        } catch (TranslationMiss e) {
            missed(2 * pair + 1, e);
        } catch (InternalError e) {
            faulted(2 * pair + 1);
        }
        int frames = burst.count - before;
        if (frames > 0) {
            counters.add(TX_PACKETS, frames);
            counters.add(TX_BYTES, fromGuest[pair].bytes());
            receivePath.sent(burst, before, pair);
        }
    }

    @Override
    public void transmit(Burst burst) {
        if (receivePath.isNeeded()) {
            transmitByPair(burst, receivePath.decide(burst));
            return;
        }
        Virtqueue queue = isLive(0) ? queues[0] : null;
        if (queue == null) {
            counters.add(RX_NO_BUFFER, burst.count);
        } else {
            transmitTo(queue, 0, burst, 0, burst.count);
        }
    }

    private void transmitByPair(Burst burst, int[] pairs) {
        int i = 0;
        while (i < burst.count) {
            int pair = pairs[i];
            int to = i + 1;
            while (to < burst.count && pairs[to] == pair) {
                to++;
            }
            // a queue that broke since the decision takes nothing
            Virtqueue queue = pair >= 0 && isLive(2 * pair) ? queues[2 * pair] : null;
            if (pair == ReceivePath.FILTERED) {
                counters.add(RX_FILTERED, to - i);
            } else if (queue == null) {
                counters.add(RX_NO_BUFFER, to - i);
            } else {
                transmitTo(queue, pair, burst, i, to);
            }
            i = to;
        }
    }

    private void transmitTo(Virtqueue queue, int pair, Burst burst, int from, int to) {
        if (!joins) {
            give(queue, pair, burst, from, to);
            return;
        }
        Burst joined = joiner.join(burst, from, to);
        give(queue, pair, joined, 0, joined.count);
        joiner.release();
    }

    private void give(Virtqueue queue, int pair, Burst burst, int from, int to) {
        unsettled = true;
        int next = from;
        long before = coalesces ? counters.get(RX_PACKETS) : 0;
        if (journal != null) {
            toGuest.journal(journal.receiveq(pair));
        }
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
        if (coalesces) {
            coalescer.passed(2 * pair, counters.get(RX_PACKETS) - before);
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
        if (controlIndex != NONE) {
            control(controlIndex);
        }
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

    private void control(int index) {
        Virtqueue queue = queues[index];
        if (queue == null) {
            return;
        }
        try {
            int commands = control.serve(queue);
            if (commands > 0) {
                unsettled = true;
                counters.add(CONTROL_COMMANDS, commands);
                counters.add(CONTROL_ERRORS, control.errors());
            }
        } catch (VirtqueueViolation e) {
            violated(index, e);
        } catch (TranslationMiss e) {
            missed(index, e);
        } catch (InternalError e) {
            faulted(index);
        }
    }

    private void settle(Virtqueue queue, int index) {
        try {
            unsettled |= index < dataQueues && (index & 1) != 0 && fromGuest[index >> 1].keepsBack(queue);
            if (coalesces && !coalescer.isDue(index)) {
                unsettled = true;
            } else {
                call(queue);
            }
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
        coalescer.forget(index);
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
        if (coalesces && unsettled) {
            // a call that waits for its time needs somebody awake
            return false;
        }
        boolean idle = true;
        for (int pair : transmitPairs) {
            finish(2 * pair + 1);
        }
        for (Virtqueue queue : transmitqs) {
            idle &= queue == null || queue.awaitKicks();
        }
        Virtqueue commands = controlIndex == NONE ? null : queues[controlIndex];
        if (commands != null) {
            idle &= commands.awaitKicks();
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
        Virtqueue commands = controlIndex == NONE ? null : queues[controlIndex];
        if (commands != null) {
            commands.suppressKicks();
        }
    }
}
