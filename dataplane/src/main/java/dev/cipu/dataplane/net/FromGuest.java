package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.Virtqueue;
import java.lang.foreign.ValueLayout;
import java.util.function.LongSupplier;

/**
 * Takes the frames that a guest sends out of one of its transmitqs. A frame is copied once into a slot of the pool and
 * judged on that copy. Owner: the thread that owns the port.
 *
 * <p>A guest that sends bursts gets its last completions late: with the next burst, or when it has sent nothing for
 * {@link #LAG_NANOS}. A driver that always finds most of its ring completed puts off collecting them until the ring is
 * full, then frees a thousand buffers at once, and so goes round through all of its memory; one that is kept a little
 * short collects as many as it needs and uses the same warm buffers again (docs/adr/0010).
 */
final class FromGuest {
    private static final int ETHERNET_MIN = 14;

    private static final long REFUSED = -1;

    /** Frames of one descriptor in a turn from which a guest counts as one that sends bursts. */
    static final int BURST = 16;

    /** Completions kept back at most, and the part of a small ring that is. */
    static final int LAG = 128;

    static final int LAG_PART = 4;

    /** How long completions may be kept back after the last burst. */
    static final long LAG_NANOS = 10_000;

    private final PacketPool pool;
    private final CounterGroup counters;
    private final Chain chain = new Chain();
    private final LongSupplier nanoTime;
    private final SingleChains singles = new SingleChains(Burst.CAPACITY);

    /** Makes the loads of {@link #touch} needed. */
    @SuppressWarnings("UnusedVariable")
    private int touched;

    private int headerBytes = NetHeader.BYTES;
    private int maxFrame;
    private boolean checksums;

    /** Whether completions are kept back, and since when the guest is known to be silent. */
    private boolean keeps;

    private boolean silent;
    private long silentSince;

    /**
     * @param counters a group with {@link GuestPort#COUNTERS}
     * @param nanoTime the clock by which completions are kept back
     */
    FromGuest(PacketPool pool, CounterGroup counters, LongSupplier nanoTime) {
        this.pool = pool;
        this.counters = counters;
        this.nanoTime = nanoTime;
    }

    /**
     * @param maxFrame bytes of the largest frame
     * @param checksums whether the driver may leave checksums to us
     */
    void negotiated(int maxFrame, boolean checksums) {
        this.maxFrame = maxFrame;
        this.checksums = checksums;
    }

    /** Bytes of the header before each frame. */
    void headerBytes(int bytes) {
        headerBytes = bytes;
    }

    /**
     * Appends what the guest has sent through {@code queue} to the burst, as far as there is room, and releases it but for
     * what is kept back.
     *
     * @return chains taken, also those whose frames were dropped
     */
    int take(Virtqueue queue, Burst burst) {
        int n = queue.popSingles(singles, Math.min(burst.room(), pool.available()), false);
        int chains = n;
        if (n > 0) {
            // in methods that idle turns do not enter, so that the compiler sees how hot their loops are
            touch(n);
            takeSingles(n, burst);
            queue.pushSingles(singles, n);
        }
        // bounded by chains, too: dropped ones take no room
        while (chains < Burst.CAPACITY
                && burst.room() > 0
                && queue.hasSeen()
                && pool.available() > 0
                && queue.pop(chain)) {
            takeChain(burst);
            queue.push(chain.head(), 0);
            chains++;
        }
        if (chains > 0) {
            int kept = n < BURST ? 0 : Math.min(LAG, queue.size() / LAG_PART);
            queue.releaseAllBut(kept);
            keeps = kept > 0;
            silent = false;
        }
        return chains;
    }

    /** Releases what was kept back once the guest has been silent for long enough; whether something still is. */
    boolean keepsBack(Virtqueue queue) {
        if (keeps) {
            long now = nanoTime.getAsLong();
            if (!silent) {
                silent = true;
                silentSince = now;
            } else if (now - silentSince >= LAG_NANOS) {
                queue.release();
                keeps = false;
            }
        }
        return keeps;
    }

    /** Asks for the lines of all headers and small frames at once: the loop that copies is too long to look far ahead. */
    private void touch(int count) {
        long[] address = singles.addresses();
        long[] element = singles.elements();
        int sum = 0;
        for (int i = 0; i < count; i++) {
            long at = address[i];
            sum += HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at);
            sum += HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at + (element[i] >>> 32) - 1);
        }
        touched = sum;
    }

    private void takeSingles(int count, Burst burst) {
        // in locals, which calls cannot change: the loop loads nothing twice
        long[] address = singles.addresses();
        long[] element = singles.elements();
        int[] free = pool.free();
        int nextFree = pool.available();
        long framesAt = pool.frameOffset(0);
        long slotBytes = pool.slotBytes();
        int longest = maxFrame;
        int header = headerBytes;
        int at = burst.count;
        for (int i = 0; i < count; i++) {
            long from = address[i];
            int length = (int) (element[i] >>> 32) - header;
            if (length < ETHERNET_MIN || length > longest) {
                counters.add(GuestPort.TX_BAD, 1);
                continue;
            }
            // each word of the header is read once
            long first = HostMemory.ALL.get(Le.LONG_UNALIGNED, from);
            long offload = Offload.NONE;
            if ((first & 0xffff) != 0) {
                offload = offload(first, HostMemory.ALL.get(Le.INT_UNALIGNED, from + 8), length);
                if (offload == REFUSED) {
                    counters.add(GuestPort.TX_OFFLOAD, 1);
                    continue;
                }
            }
            int slot = free[--nextFree];
            HostMemory.copy(from + header, framesAt + slot * slotBytes, length);
            burst.set(at++, slot, length, offload);
        }
        pool.take(at - burst.count);
        burst.count = at;
    }

    private void takeChain(Burst burst) {
        long frame = chain.readableBytes() - headerBytes;
        if (frame < ETHERNET_MIN || frame > maxFrame) {
            counters.add(GuestPort.TX_BAD, 1);
            return;
        }
        int slot = pool.next();
        int length = (int) frame;
        long at = pool.frameOffset(slot);
        // the header ends where the frame begins, so one copy brings both
        chain.read(0, HostMemory.ALL, at - headerBytes, headerBytes + length);
        long first = HostMemory.ALL.get(Le.LONG_UNALIGNED, at - headerBytes);
        int last = HostMemory.ALL.get(Le.INT_UNALIGNED, at - headerBytes + 8);
        long offload = offload(first, last, length);
        if (offload == REFUSED) {
            counters.add(GuestPort.TX_OFFLOAD, 1);
            return;
        }
        pool.take(1);
        burst.add(slot, length, offload);
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
        // one within the Ethernet header would change addresses that the switch has judged
        return checksums && start >= ETHERNET_MIN && start + offset + 2 <= length
                ? Offload.checksum(start, offset)
                : REFUSED;
    }
}
