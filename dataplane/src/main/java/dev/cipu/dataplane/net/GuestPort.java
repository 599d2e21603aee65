package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.QueueListener;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueViolation;
import java.util.Arrays;
import java.util.List;
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

    private static final int TX_PACKETS = 0;
    private static final int TX_BYTES = 1;
    private static final int TX_BAD = 2;
    private static final int TX_OFFLOAD = 3;
    private static final int RX_PACKETS = 4;
    private static final int RX_BYTES = 5;
    private static final int RX_NO_BUFFER = 6;
    private static final int RX_TOO_BIG = 7;
    private static final int RX_BAD_BUFFERS = 8;
    private static final int CALLS = 9;
    private static final int VIOLATIONS = 10;
    private static final int MEMORY_FAULTS = 11;

    private static final int ETHERNET_MIN = 14;

    /** Ethernet header and one VLAN tag. */
    private static final int L2_OVERHEAD = 18;

    /** Buffers that one frame may be spread over; more would mean that they are absurdly small. */
    private static final int MERGE_LIMIT = 64;

    private static final int OUT_OF_BUFFERS = -1;

    /** num_buffers in the header's last word. */
    private static final int ONE_BUFFER = 1 << 16;

    private static final long REFUSED = -1;

    private final NetDevice device;
    private final PacketPool pool;
    private final CounterGroup counters;
    private final QueueListener[] listeners;
    private final @Nullable Virtqueue[] queues;
    private final boolean[] enabled;
    private final Chain chain = new Chain();

    /** Of a transmitq: nothing is ever written into these. */
    private final SingleChains sent = new SingleChains(Burst.CAPACITY);

    private final SingleChains received = new SingleChains(Burst.CAPACITY);
    private final Chain[] merged = new Chain[MERGE_LIMIT];
    private final FlowSteering steering = new FlowSteering();

    private @Nullable Virtqueue[] transmitqs = {};
    private int[] transmitPairs = {};
    private final boolean steers;
    private int turn;
    private boolean unsettled;
    private int generation;
    private int maxFrame;
    private boolean mergeable;
    private boolean guestChecksums;
    private boolean driverChecksums;

    /**
     * @param device what was negotiated; read when a queue is attached
     * @param counters a group with {@link #COUNTERS}
     */
    public GuestPort(NetDevice device, PacketPool pool, CounterGroup counters) {
        this.device = device;
        this.pool = pool;
        this.counters = counters;
        listeners = new QueueListener[device.queueCount()];
        Arrays.fill(listeners, QueueListener.NONE);
        queues = new Virtqueue[device.queueCount()];
        enabled = new boolean[device.queueCount()];
        steers = device.pairs() > 1;
        for (int i = 0; i < MERGE_LIMIT; i++) {
            merged[i] = new Chain();
        }
    }

    /** A queue starts; it stays idle until it is enabled. The listener hears when it ends by itself. */
    public void attach(int index, Virtqueue queue, QueueListener listener) {
        queues[index] = queue;
        listeners[index] = listener;
        queue.suppressKicks();
        featuresChanged();
        refresh();
    }

    /** A queue stops; nothing touches it any more when this returns. */
    public void detach(int index) {
        settle();
        queues[index] = null;
        listeners[index] = QueueListener.NONE;
        refresh();
    }

    /** Whether frames may pass through a queue. */
    public void enable(int index, boolean on) {
        enabled[index] = on;
        refresh();
    }

    private void featuresChanged() {
        mergeable = device.isNegotiated(NetFeature.MRG_RXBUF);
        guestChecksums = device.isNegotiated(NetFeature.GUEST_CSUM);
        driverChecksums = device.isNegotiated(NetFeature.CSUM);
        maxFrame = Math.min(device.mtu() + L2_OVERHEAD, pool.frameBytes());
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
        return queue != null && enabled[index] && !queue.isBroken();
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
        long bytes = 0;
        try {
            SingleChains singles = sent;
            int n = queue.popSingles(singles, burst.room(), false);
            for (int i = 0; i < n; i++) {
                bytes += takeSingle(burst, singles.address(i), singles.length(i), pair);
            }
            queue.pushSingles(singles, n);
            while (burst.count < Burst.CAPACITY && queue.hasSeen() && queue.pop(chain)) {
                bytes += take(burst, pair);
                queue.push(chain.head(), 0);
            }
            queue.release();
            unsettled = true;
        } catch (VirtqueueViolation e) {
            violated(2 * pair + 1, e);
        } catch (InternalError e) {
            faulted(2 * pair + 1);
        }
        int frames = burst.count - before;
        if (frames > 0) {
            counters.add(TX_PACKETS, frames);
            counters.add(TX_BYTES, bytes);
        }
    }

    /** Copies a frame with its header, one buffer, into the pool; returns its bytes, 0 if it was dropped. */
    private int takeSingle(Burst burst, long from, int bytes, int pair) {
        int length = bytes - NetHeader.BYTES;
        if (length < ETHERNET_MIN || length > maxFrame) {
            counters.add(TX_BAD, 1);
            return 0;
        }
        // each word of the header is read once
        long first = HostMemory.ALL.get(Le.LONG_UNALIGNED, from);
        long offload = Offload.NONE;
        if ((first & 0xffff) != 0) {
            offload = offload(first, HostMemory.ALL.get(Le.INT_UNALIGNED, from + 8), length);
            if (offload == REFUSED) {
                counters.add(TX_OFFLOAD, 1);
                return 0;
            }
        }
        int slot = takeSlot();
        long at = pool.frameOffset(slot);
        HostMemory.copy(from + NetHeader.BYTES, at, length);
        if (steers) {
            steering.sent(HostMemory.ALL, at, length, pair);
        }
        burst.add(slot, length, offload);
        return length;
    }

    /** Copies the popped chain's frame into the pool; returns its bytes, 0 if it was dropped. */
    private int take(Burst burst, int pair) {
        Chain chain = this.chain;
        long frame = chain.readableBytes() - NetHeader.BYTES;
        if (frame < ETHERNET_MIN || frame > maxFrame) {
            counters.add(TX_BAD, 1);
            return 0;
        }
        int slot = takeSlot();
        int length = (int) frame;
        long at = pool.frameOffset(slot);
        // the header ends where the frame begins, so one copy brings both
        chain.read(0, HostMemory.ALL, at - NetHeader.BYTES, NetHeader.BYTES + length);
        long first = HostMemory.ALL.get(Le.LONG_UNALIGNED, at - NetHeader.BYTES);
        int last = HostMemory.ALL.get(Le.INT_UNALIGNED, at - NetHeader.BYTES + 8);
        long offload = offload(first, last, length);
        if (offload == REFUSED) {
            counters.add(TX_OFFLOAD, 1);
            pool.release(slot);
            return 0;
        }
        if (steers) {
            steering.sent(HostMemory.ALL, at, length, pair);
        }
        burst.add(slot, length, offload);
        return length;
    }

    private int takeSlot() {
        int slot = pool.take();
        if (slot < 0) {
            throw new IllegalStateException("the packet pool is smaller than what its ports may hold");
        }
        return slot;
    }

    /**
     * What the header asks for, or {@link #REFUSED} if that was not negotiated or leaves the frame.
     * {@code [virtio-1.4 §5.1.6.2]}
     */
    private long offload(long first, int last, int length) {
        if (NetHeader.gsoType(first) != NetHeader.GSO_NONE) {
            return REFUSED;
        }
        if ((NetHeader.flags(first) & NetHeader.FLAG_NEEDS_CSUM) == 0) {
            // other flags mean nothing from a driver
            return Offload.NONE;
        }
        int start = NetHeader.csumStart(first);
        int offset = NetHeader.csumOffset(last);
        return driverChecksums && start + offset + 2 <= length ? Offload.checksum(start, offset) : REFUSED;
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
        int noBuffer = 0;
        int sent = 0;
        long bytes = 0;
        try {
            SingleChains singles = received;
            int n = queue.popSingles(singles, to - from, true);
            while (sent < n && prepareSingle(singles, sent, burst, from + sent)) {
                bytes += burst.length(from + sent);
                sent++;
            }
            copyFrames(singles, sent, burst, from);
            queue.pushSingles(singles, sent);
            if (sent < n) {
                queue.unpopSingles(singles, sent, n);
            }
            int rest = from + sent;
            for (int i = rest; i < to; i++) {
                int given = give(queue, burst, i);
                if (given == OUT_OF_BUFFERS) {
                    noBuffer = to - i;
                    break;
                }
                sent += given > 0 ? 1 : 0;
                bytes += given;
            }
            queue.release();
            unsettled = true;
        } catch (VirtqueueViolation e) {
            violated(2 * pair, e);
        } catch (InternalError e) {
            faulted(2 * pair);
        }
        if (noBuffer > 0) {
            counters.add(RX_NO_BUFFER, noBuffer);
        }
        if (sent > 0) {
            counters.add(RX_PACKETS, sent);
            counters.add(RX_BYTES, bytes);
        }
    }

    /**
     * The frames of the prepared buffers. Nothing else is stored in between: the guest's lines belong to its core, and
     * the stores that wait for them must not hold up others behind them.
     */
    private void copyFrames(SingleChains into, int count, Burst burst, int from) {
        for (int i = 0; i < count; i++) {
            long frame = pool.frameOffset(burst.slot(from + i));
            HostMemory.copy(frame, into.address(i) + NetHeader.BYTES, burst.length(from + i));
        }
    }

    /** Fills the header of a buffer that holds all of a frame; false if this one does not. */
    private boolean prepareSingle(SingleChains into, int index, Burst burst, int frame) {
        int length = burst.length(frame);
        if (length > maxFrame || into.length(index) < NetHeader.BYTES + length) {
            return false;
        }
        long at = pool.frameOffset(burst.slot(frame));
        long to = into.address(index);
        long first = 0;
        int last = ONE_BUFFER;
        long offload = burst.offload(frame);
        if (offload != Offload.NONE && offersPartial(offload, at, length)) {
            first = NetHeader.partialChecksum(Offload.csumStart(offload));
            last = ONE_BUFFER | Offload.csumOffset(offload);
        }
        // reading a line that is already right leaves it shared; writing it would take it from the other core
        if (HostMemory.ALL.get(Le.LONG_UNALIGNED, to) != first) {
            HostMemory.ALL.set(Le.LONG_UNALIGNED, to, first);
        }
        if (HostMemory.ALL.get(Le.INT_UNALIGNED, to + 8) != last) {
            HostMemory.ALL.set(Le.INT_UNALIGNED, to + 8, last);
        }
        into.written(index, NetHeader.BYTES + length);
        return true;
    }

    /** Copies a frame into the guest's next buffers; returns its bytes, 0 if dropped, {@link #OUT_OF_BUFFERS}. */
    private int give(Virtqueue queue, Burst burst, int index) {
        int length = burst.length(index);
        if (length > maxFrame) {
            counters.add(RX_TOO_BIG, 1);
            return 0;
        }
        if (!queue.pop(chain)) {
            return OUT_OF_BUFFERS;
        }
        long at = pool.frameOffset(burst.slot(index));
        long offload = burst.offload(index);
        if (offload != Offload.NONE && offersPartial(offload, at, length)) {
            long first = NetHeader.partialChecksum(Offload.csumStart(offload));
            return giveChain(queue, chain, at, length, first, Offload.csumOffset(offload));
        }
        return giveChain(queue, chain, at, length, 0, 0);
    }

    /** Whether the guest takes a partial checksum; if not, it is completed here. */
    private boolean offersPartial(long offload, long at, int length) {
        if (!guestChecksums) {
            Checksum.complete(HostMemory.ALL, at, length, Offload.csumStart(offload), Offload.csumOffset(offload));
        }
        return guestChecksums;
    }

    /** A frame for a chain of several parts, or for several chains. {@code [virtio-1.4 §5.1.6.3.2]} */
    private int giveChain(Virtqueue queue, Chain popped, long at, int length, long first, int last) {
        int need = NetHeader.BYTES + length;
        long header = at - NetHeader.BYTES;
        if (popped.readableParts() > 0 || popped.writableBytes() < NetHeader.BYTES) {
            // no driver has a use for it; give it back empty, so that it does not stand in the way
            queue.push(popped.head(), 0);
            counters.add(RX_BAD_BUFFERS, 1);
            return 0;
        }
        HostMemory.ALL.set(Le.LONG_UNALIGNED, header, first);
        if (popped.writableBytes() >= need) {
            HostMemory.ALL.set(Le.INT_UNALIGNED, header + 8, last | ONE_BUFFER);
            popped.write(0, HostMemory.ALL, header, need);
            queue.push(popped.head(), need);
            return length;
        }
        if (!mergeable) {
            queue.unpop(popped);
            counters.add(RX_TOO_BIG, 1);
            return 0;
        }
        return merge(queue, popped, header, need, last);
    }

    private int merge(Virtqueue queue, Chain popped, long header, int need, int last) {
        queue.unpop(popped);
        long room = 0;
        int count = 0;
        boolean dry = false;
        while (room < need && count < MERGE_LIMIT) {
            if (!queue.pop(merged[count])) {
                dry = true;
                break;
            }
            room += merged[count++].writableBytes();
        }
        if (room < need) {
            while (count > 0) {
                queue.unpop(merged[--count]);
            }
            if (!dry) {
                counters.add(RX_TOO_BIG, 1);
                return 0;
            }
            return OUT_OF_BUFFERS;
        }
        HostMemory.ALL.set(Le.INT_UNALIGNED, header + 8, last | count << 16);
        int done = 0;
        for (int i = 0; i < count; i++) {
            int n = merged[i].write(0, HostMemory.ALL, header + done, need - done);
            queue.push(merged[i].head(), n);
            done += n;
        }
        return need - NetHeader.BYTES;
    }

    private void violated(int index, VirtqueueViolation e) {
        counters.add(VIOLATIONS, 1);
        refresh();
        listeners[index].queueBroken(e.kind());
    }

    private void faulted(int index) {
        counters.add(MEMORY_FAULTS, 1);
        enabled[index] = false;
        refresh();
        listeners[index].memoryFault();
    }

    @Override
    public void settle() {
        if (unsettled) {
            unsettled = false;
            for (int i = 0; i < queues.length; i++) {
                Virtqueue queue = queues[i];
                if (queue != null) {
                    settle(queue, i);
                }
            }
        }
    }

    private void settle(Virtqueue queue, int index) {
        try {
            if (queue.call()) {
                counters.add(CALLS, 1);
            }
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
