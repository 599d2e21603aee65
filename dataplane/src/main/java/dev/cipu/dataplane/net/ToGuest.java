package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.TranslationMiss;
import dev.cipu.virtio.ring.Virtqueue;

/** Puts frames into the buffers of a guest's receiveqs. Owner: the thread that owns the port. */
final class ToGuest {
    /** Buffers that one frame may be spread over; more would mean that they are absurdly small. */
    private static final int MERGE_LIMIT = 64;

    private static final int OUT_OF_BUFFERS = -1;

    /** Frames that are published at once, so that the guest works on them while the next ones are copied. */
    static final int SLICE = Burst.CAPACITY / 4;

    /** num_buffers in the header's last word. */
    private static final int ONE_BUFFER = 1 << 16;

    private final PacketPool pool;
    private final CounterGroup counters;
    private final Chain chain = new Chain();
    private final SingleChains singles = new SingleChains(SLICE);
    private final Chain[] merged = new Chain[MERGE_LIMIT];
    private int maxFrame;
    private boolean mergeable;
    private boolean checksums;

    /**
     * @param counters a group with {@link GuestPort#COUNTERS}
     */
    ToGuest(PacketPool pool, CounterGroup counters) {
        this.pool = pool;
        this.counters = counters;
        for (int i = 0; i < MERGE_LIMIT; i++) {
            merged[i] = new Chain();
        }
    }

    /**
     * @param maxFrame bytes of the largest frame
     * @param mergeable whether a frame may be spread over several buffers
     * @param checksums whether the driver takes frames with a partial checksum
     */
    void negotiated(int maxFrame, boolean mergeable, boolean checksums) {
        this.maxFrame = maxFrame;
        this.mergeable = mergeable;
        this.checksums = checksums;
    }

    /**
     * Gives the guest frames {@code from} to {@code to - 1} of the burst, {@link #SLICE} of them at most, through {@code
     * queue}, and releases it.
     */
    void give(Virtqueue queue, Burst burst, int from, int to) {
        int sent = 0;
        long bytes = 0;
        int next = from;
        try {
            int n = queue.popSingles(singles, to - from, true);
            while (sent < n && prepare(sent, burst, from + sent)) {
                bytes += burst.length(from + sent);
                sent++;
            }
            copyFrames(sent, burst, from);
            queue.pushSingles(singles, sent);
            if (sent < n) {
                queue.unpopSingles(singles, sent, n);
            }
            next += sent;
            while (next < to) {
                int given = giveOne(queue, burst, next);
                if (given == OUT_OF_BUFFERS) {
                    break;
                }
                next++;
                sent += given > 0 ? 1 : 0;
                bytes += given;
            }
            queue.release();
        } finally {
            // also those that a broken queue leaves over
            counters.add(GuestPort.RX_NO_BUFFER, to - next);
            counters.add(GuestPort.RX_PACKETS, sent);
            counters.add(GuestPort.RX_BYTES, bytes);
        }
    }

    /**
     * Fills the header of a buffer that holds all of a frame; false if this one does not. The frame's first word goes
     * along: with it all lines of a burst are asked for before the first one is needed.
     */
    private boolean prepare(int index, Burst burst, int frame) {
        int length = burst.length(frame);
        if (length > maxFrame || singles.length(index) < NetHeader.BYTES + length) {
            return false;
        }
        long frameAt = pool.frameOffset(burst.slot(frame));
        long to = singles.address(index);
        long first = 0;
        int last = ONE_BUFFER;
        long offload = burst.offload(frame);
        if (offload != Offload.NONE && leavesPartial(offload, frameAt, length)) {
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
        HostMemory.ALL.set(Le.LONG_UNALIGNED, to + NetHeader.BYTES, HostMemory.ALL.get(Le.LONG_UNALIGNED, frameAt));
        return true;
    }

    /**
     * The frames of the prepared buffers. Nothing else is stored in between: stores become visible in order, so one to
     * private memory between two to lines of the guest's core would make the second wait for the first.
     */
    private void copyFrames(int count, Burst burst, int from) {
        long[] address = singles.addresses();
        long[] frame = burst.frame;
        long framesAt = pool.frameOffset(0);
        long slotBytes = pool.slotBytes();
        for (int i = 0; i < count; i++) {
            long slotAndLength = frame[from + i];
            HostMemory.copy(
                    framesAt + (slotAndLength >>> 32) * slotBytes, address[i] + NetHeader.BYTES, (int) slotAndLength);
        }
        for (int i = 0; i < count; i++) {
            singles.written(i, NetHeader.BYTES + burst.length(from + i));
        }
    }

    /** Copies a frame into the guest's next buffers; returns its bytes, 0 if dropped, {@link #OUT_OF_BUFFERS}. */
    private int giveOne(Virtqueue queue, Burst burst, int index) {
        int length = burst.length(index);
        if (length > maxFrame) {
            counters.add(GuestPort.RX_TOO_BIG, 1);
            return 0;
        }
        if (!queue.pop(chain)) {
            return OUT_OF_BUFFERS;
        }
        long at = pool.frameOffset(burst.slot(index));
        long offload = burst.offload(index);
        if (offload != Offload.NONE && leavesPartial(offload, at, length)) {
            long first = NetHeader.partialChecksum(Offload.csumStart(offload));
            return giveChain(queue, at, length, first, Offload.csumOffset(offload));
        }
        return giveChain(queue, at, length, 0, 0);
    }

    /** Whether the guest takes a partial checksum; if not, it is completed here. */
    private boolean leavesPartial(long offload, long at, int length) {
        if (!checksums) {
            Checksum.complete(HostMemory.ALL, at, length, Offload.csumStart(offload), Offload.csumOffset(offload));
        }
        return checksums;
    }

    /** A frame for a chain of several parts, or for several chains. {@code [virtio-1.4 §5.1.6.3.2]} */
    private int giveChain(Virtqueue queue, long at, int length, long first, int last) {
        int need = NetHeader.BYTES + length;
        long header = at - NetHeader.BYTES;
        if (chain.readableParts() > 0 || chain.writableBytes() < NetHeader.BYTES) {
            // no driver has a use for it; give it back empty, so that it does not stand in the way
            queue.push(chain.head(), 0);
            counters.add(GuestPort.RX_BAD_BUFFERS, 1);
            return 0;
        }
        HostMemory.ALL.set(Le.LONG_UNALIGNED, header, first);
        if (chain.writableBytes() >= need) {
            HostMemory.ALL.set(Le.INT_UNALIGNED, header + 8, last | ONE_BUFFER);
            chain.write(0, HostMemory.ALL, header, need);
            queue.push(chain.head(), need);
            return length;
        }
        queue.unpop(chain);
        if (!mergeable) {
            counters.add(GuestPort.RX_TOO_BIG, 1);
            return 0;
        }
        return merge(queue, header, need, last);
    }

    private int merge(Virtqueue queue, long header, int need, int last) {
        long room = 0;
        int count = 0;
        boolean dry = false;
        while (room < need && count < MERGE_LIMIT) {
            if (!popMerged(queue, count)) {
                dry = true;
                break;
            }
            room += merged[count++].writableBytes();
        }
        if (room < need && dry) {
            while (count > 0) {
                queue.unpop(merged[--count]);
            }
            return OUT_OF_BUFFERS;
        }
        if (room < need) {
            // given back empty: left in place they would be walked again for each frame
            for (int i = 0; i < count; i++) {
                queue.push(merged[i].head(), 0);
            }
            counters.add(GuestPort.RX_BAD_BUFFERS, count);
            counters.add(GuestPort.RX_TOO_BIG, 1);
            return 0;
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

    /** A chain that waits for its translation puts those before it back: they are popped again together. */
    private boolean popMerged(Virtqueue queue, int count) {
        try {
            return queue.pop(merged[count]);
        } catch (TranslationMiss e) {
            for (int i = count - 1; i >= 0; i--) {
                queue.unpop(merged[i]);
            }
            throw e;
        }
    }
}
