package dev.cipu.dataplane.net;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SingleChains;
import dev.cipu.virtio.ring.TranslationMiss;
import dev.cipu.virtio.ring.Virtqueue;
import org.jspecify.annotations.Nullable;

/**
 * Puts frames into the buffers of a guest's receiveqs. What a guest did not agree to do itself is done here first: large
 * frames are cut, checksums completed. Owner: the thread that owns the port.
 */
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
    private int headerBytes = NetHeader.BYTES;
    private long @Nullable [] hashes;

    /** What is reported of the frame that is being given. */
    private long hash;

    private final FrameHeaders headers = new FrameHeaders();
    private final Segmenter segmenter = new Segmenter();
    private FeatureSet features = FeatureSet.NONE;
    private int maxFrame;
    private boolean mergeable;
    private boolean checksums;

    /** Frames that the guest got in this call of {@link #give}, and their bytes. */
    private int sent;

    private long bytes;

    /** Bytes of the frames for which buffers are prepared; they count once the buffers are returned. */
    private long prepared;

    private @Nullable ReceiveqJournal journal;

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
     * @param features what the guest takes: of the features that device and driver agreed on, those still in force
     * @param maxFrame bytes of the largest frame that is not to be cut into segments
     */
    void negotiated(FeatureSet features, int maxFrame) {
        this.features = features;
        this.maxFrame = maxFrame;
        mergeable = features.has(NetFeature.MRG_RXBUF);
        checksums = features.has(NetFeature.GUEST_CSUM);
    }

    /** Where the next frames given are recorded. */
    void journal(ReceiveqJournal journal) {
        this.journal = journal;
    }

    /**
     * What the header before each frame is like.
     *
     * @param reported for each frame of a burst what ends its header, or null: the header ends before that
     */
    void header(long @Nullable [] reported) {
        hashes = reported;
        headerBytes = reported == null ? NetHeader.BYTES : NetHeader.HASH_BYTES;
    }

    /** Writes what is reported of the frame at hand into a header. */
    private void report(long header) {
        if (hashes != null) {
            HostMemory.ALL.set(Le.LONG_UNALIGNED, header + NetHeader.HASH_VALUE, hash);
        }
    }

    private void hashOf(int frame) {
        long[] reported = hashes;
        hash = reported == null ? 0 : reported[frame];
    }

    /**
     * Gives the guest frames {@code from} to {@code to - 1} of the burst, {@link #SLICE} of them at most, through {@code
     * queue}, and releases it.
     */
    void give(Virtqueue queue, Burst burst, int from, int to) {
        sent = 0;
        bytes = 0;
        int next = from;
        try {
            next += giveSingles(queue, burst, from, to);
            while (next < to && giveOne(queue, burst, next)) {
                next++;
            }
            queue.release();
            if (journal != null) {
                journal.release();
            }
        } finally {
            // also those that a broken queue leaves over
            counters.add(GuestPort.RX_NO_BUFFER, to - next);
            counters.add(GuestPort.RX_PACKETS, sent);
            counters.add(GuestPort.RX_BYTES, bytes);
        }
    }

    /** The first frames, as long as each fits a chain of one buffer as it is; returns how many. */
    private int giveSingles(Virtqueue queue, Burst burst, int from, int to) {
        prepared = 0;
        int n = queue.popSingles(singles, to - from, true);
        if (journal != null) {
            journal.popped(singles, n);
        }
        int given = prepare(n, burst, from);
        copyFrames(given, burst, from);
        if (journal != null) {
            journal.gave(singles, given, burst, from, pool, checksums);
        }
        queue.pushSingles(singles, given);
        if (given < n) {
            queue.unpopSingles(singles, given, n);
        }
        sent += given;
        bytes += prepared;
        return given;
    }

    /**
     * Fills the headers of buffers that hold all of a frame; returns up to which. The loops are short and in methods of their own,
     * so that the compiler keeps all that they need in registers.
     */
    private int prepare(int count, Burst burst, int from) {
        int ready = 0;
        while (ready < count) {
            int plain = plainUpTo(ready, count, burst, from);
            preparePlain(ready, plain, burst, from);
            ready = plain;
            if (ready < count) {
                if (!prepareOther(ready, burst, from + ready)) {
                    break;
                }
                ready++;
            }
        }
        if (hashes != null) {
            for (int i = 0; i < ready; i++) {
                hashOf(from + i);
                report(singles.address(i));
            }
        }
        return ready;
    }

    /** Up to which buffer there are complete frames of usual size that fit. */
    private int plainUpTo(int index, int count, Burst burst, int from) {
        long[] frame = burst.frame;
        long[] offload = burst.offload;
        long[] element = singles.elements();
        int header = headerBytes;
        int longest = maxFrame;
        long sum = 0;
        int i = index;
        while (i < count) {
            int length = (int) frame[from + i];
            if (length > longest || (int) element[i] - header < length || offload[from + i] != Offload.NONE) {
                break;
            }
            sum += length;
            i++;
        }
        prepared += sum;
        return i;
    }

    /**
     * Headers of complete frames. A frame's first word goes along: with it all lines of a burst are asked for before the first one
     * is needed.
     */
    private void preparePlain(int index, int to, Burst burst, int from) {
        long[] address = singles.addresses();
        long[] frame = burst.frame;
        long framesAt = pool.frameOffset(0);
        long slotBytes = pool.slotBytes();
        int header = headerBytes;
        for (int i = index; i < to; i++) {
            long at = address[i];
            writeHeader(at, 0, ONE_BUFFER);
            long first = HostMemory.ALL.get(Le.LONG_UNALIGNED, framesAt + (frame[from + i] >>> 32) * slotBytes);
            HostMemory.ALL.set(Le.LONG_UNALIGNED, at + header, first);
        }
    }

    /** Reading a line that is already right leaves it shared; writing it would take it from the other core. */
    private static void writeHeader(long at, long first, int last) {
        if (HostMemory.ALL.get(Le.LONG_UNALIGNED, at) != first) {
            HostMemory.ALL.set(Le.LONG_UNALIGNED, at, first);
        }
        if (HostMemory.ALL.get(Le.INT_UNALIGNED, at + 8) != last) {
            HostMemory.ALL.set(Le.INT_UNALIGNED, at + 8, last);
        }
    }

    /** As {@link #preparePlain} for a frame whose checksum is partial; false if it does not fit, or is to be cut. */
    private boolean prepareOther(int index, Burst burst, int frame) {
        int length = burst.length(frame);
        long offload = burst.offload(frame);
        if (length > maxFrame || singles.length(index) - headerBytes < length || Offload.isLarge(offload)) {
            return false;
        }
        long frameAt = pool.frameOffset(burst.slot(frame));
        long to = singles.address(index);
        if (leavesPartial(offload, frameAt, length)) {
            long first = NetHeader.partialChecksum(Offload.csumStart(offload));
            writeHeader(to, first, ONE_BUFFER | Offload.csumOffset(offload));
        } else {
            writeHeader(to, 0, ONE_BUFFER);
        }
        HostMemory.ALL.set(Le.LONG_UNALIGNED, to + headerBytes, HostMemory.ALL.get(Le.LONG_UNALIGNED, frameAt));
        prepared += length;
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
        int header = headerBytes;
        for (int i = 0; i < count; i++) {
            long slotAndLength = frame[from + i];
            HostMemory.copy(framesAt + (slotAndLength >>> 32) * slotBytes, address[i] + header, (int) slotAndLength);
        }
        singles.written(frame, from, count, header);
    }

    /** Copies a frame into the guest's next buffers, or drops and counts it; false if there are no buffers. */
    private boolean giveOne(Virtqueue queue, Burst burst, int index) {
        int length = burst.length(index);
        long at = pool.frameOffset(burst.slot(index));
        hashOf(index);
        long offload = burst.offload(index);
        if (Offload.isLarge(offload)) {
            return giveLarge(queue, at, length, offload);
        }
        if (length > maxFrame) {
            counters.add(GuestPort.RX_TOO_BIG, 1);
            return true;
        }
        if (offload != Offload.NONE && leavesPartial(offload, at, length)) {
            long first = NetHeader.partialChecksum(Offload.csumStart(offload));
            return giveNext(queue, at, length, first, Offload.csumOffset(offload));
        }
        return giveNext(queue, at, length, 0, 0);
    }

    /** A frame that is to be cut: as it is for a guest that does so itself. {@code [virtio-1.4 §5.1.6.4.1]} */
    private boolean giveLarge(Virtqueue queue, long at, int length, long offload) {
        if (!headers.parse(at, length)) {
            throw new IllegalStateException("a large frame without TCP or UDP");
        }
        if (!takes(Offload.gsoType(offload))) {
            return giveSegments(queue, at, length, offload);
        }
        int flags = NetHeader.FLAG_NEEDS_CSUM;
        int size = Offload.gsoSize(offload);
        int start = Offload.csumStart(offload);
        int last = Offload.csumOffset(offload);
        if (features.has(NetFeature.RSC_EXT)) {
            // counts instead of places; acknowledgements without data are never coalesced, so no duplicate is either
            flags |= NetHeader.FLAG_RSC_INFO;
            start = (length - headers.payload + size - 1) / size;
            last = 0;
        }
        long first = NetHeader.first(flags, Offload.gsoType(offload), headers.payload, size, start);
        return giveNext(queue, at, length, first, last);
    }

    /** Whether the guest cuts frames of this type, as they were parsed last. */
    private boolean takes(int type) {
        boolean six = headers.six;
        return checksums
                && switch (type & ~NetHeader.GSO_ECN) {
                    case NetHeader.GSO_TCPV4, NetHeader.GSO_TCPV6 ->
                        features.has(six ? NetFeature.GUEST_TSO6 : NetFeature.GUEST_TSO4)
                                && ((type & NetHeader.GSO_ECN) == 0 || features.has(NetFeature.GUEST_ECN));
                    case NetHeader.GSO_UDP -> features.has(NetFeature.GUEST_UFO);
                    default -> features.has(six ? NetFeature.GUEST_USO6 : NetFeature.GUEST_USO4);
                };
    }

    private boolean giveSegments(Virtqueue queue, long at, int length, long offload) {
        try {
            segmenter.begin(at, length, offload, checksums);
            long first = segmenter.leavesPartial() ? NetHeader.partialChecksum(segmenter.transport()) : 0;
            int last = segmenter.leavesPartial() ? segmenter.checksumOffset() : 0;
            while (segmenter.next()) {
                if (segmenter.bytes() > maxFrame) {
                    // so are all the others but the last
                    counters.add(GuestPort.RX_TOO_BIG, 1);
                    return true;
                }
                if (!queue.pop(chain)) {
                    return false;
                }
                if (!giveDirect(queue, first, last)) {
                    long segment = segmenter.makeInPlace();
                    if (!gave(giveChain(queue, segment, segmenter.bytes(), first, last))) {
                        return false;
                    }
                    segmenter.back();
                }
            }
            return true;
        } finally {
            segmenter.end();
        }
    }

    /** Whether the guest takes a partial checksum; if not, it is completed here. */
    private boolean leavesPartial(long offload, long at, int length) {
        if (!checksums) {
            Checksum.complete(at, length, Offload.csumStart(offload), Offload.csumOffset(offload));
        }
        return checksums;
    }

    /** Writes a segment into the chain at hand if that is one buffer with room for it. */
    private boolean giveDirect(Virtqueue queue, long first, int last) {
        int need = headerBytes + segmenter.bytes();
        if (chain.parts() != 1 || chain.readableParts() > 0 || chain.length(0) < need) {
            return false;
        }
        long to = chain.address(0);
        HostMemory.ALL.set(Le.LONG_UNALIGNED, to, first);
        HostMemory.ALL.set(Le.INT_UNALIGNED, to + 8, last | ONE_BUFFER);
        report(to);
        segmenter.writeTo(to + headerBytes);
        if (journal != null) {
            journal.gave(chain, need, to + headerBytes, segmenter.bytes(), first, last);
        }
        queue.push(chain.head(), need);
        return gave(segmenter.bytes());
    }

    /** Copies what lies at an address into the next buffers; false if there are none. */
    private boolean giveNext(Virtqueue queue, long at, int length, long first, int last) {
        return queue.pop(chain) && gave(giveChain(queue, at, length, first, last));
    }

    /** Counts what was given, which may be nothing; false if the buffers have come to an end. */
    private boolean gave(int given) {
        if (given > 0) {
            sent++;
            bytes += given;
        }
        return given != OUT_OF_BUFFERS;
    }

    /** A frame for a chain of several parts, or for several chains. {@code [virtio-1.4 §5.1.6.3.2]} */
    private int giveChain(Virtqueue queue, long at, int length, long first, int last) {
        int need = headerBytes + length;
        long header = at - headerBytes;
        if (chain.readableParts() > 0 || chain.writableBytes() < headerBytes) {
            // no driver has a use for it; give it back empty, so that it does not stand in the way
            if (journal != null) {
                journal.refused(chain);
            }
            queue.push(chain.head(), 0);
            counters.add(GuestPort.RX_BAD_BUFFERS, 1);
            return 0;
        }
        HostMemory.ALL.set(Le.LONG_UNALIGNED, header, first);
        report(header);
        if (chain.writableBytes() >= need) {
            HostMemory.ALL.set(Le.INT_UNALIGNED, header + 8, last | ONE_BUFFER);
            chain.write(0, HostMemory.ALL, header, need);
            if (journal != null) {
                journal.gave(chain, need, at, length, first, last);
            }
            queue.push(chain.head(), need);
            return length;
        }
        queue.unpop(chain);
        if (!mergeable) {
            counters.add(GuestPort.RX_TOO_BIG, 1);
            return 0;
        }
        return merge(queue, header, need, first, last);
    }

    private int merge(Virtqueue queue, long header, int need, long first, int last) {
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
                if (journal != null) {
                    journal.refused(merged[i]);
                }
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
            if (journal != null) {
                record(journal, merged[i], n, i == 0, header, need, first, last);
            }
            queue.push(merged[i].head(), n);
            done += n;
        }
        return need - headerBytes;
    }

    private void record(
            ReceiveqJournal into,
            Chain part,
            int written,
            boolean begins,
            long header,
            int need,
            long first,
            int last) {
        if (begins) {
            into.gave(part, written, header + headerBytes, need - headerBytes, first, last);
        } else {
            into.continued(part, written);
        }
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
