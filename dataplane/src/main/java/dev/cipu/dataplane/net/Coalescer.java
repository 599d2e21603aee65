package dev.cipu.dataplane.net;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Joins neighbours of a burst into large frames for a guest that takes such: TCP segments in sequence, or UDP datagrams of
 * one size. Only what {@link Segmenter} would make exactly these frames of is joined, and only where each checksum was
 * found right or its sender left it to us. The order of frames does not change. Owner: the thread that owns the port.
 */
final class Coalescer {
    private final PacketPool pool;
    private final Burst joined = new Burst();
    private final int[] own = new int[Burst.CAPACITY];
    private int ownCount;

    private FeatureSet features = FeatureSet.NONE;
    private boolean wanted;

    /** Keeps the memory alive. */
    private final MemorySegment memory = Arena.ofAuto().allocate(FrameHeaders.LIMIT, 64);

    /** The headers that the next frame of the group must have. */
    private final long expected = memory.address();

    /** The group that may grow: the headers of its first frame, and those of the frame at hand. */
    private FrameHeaders group = new FrameHeaders();

    private FrameHeaders headers = new FrameHeaders();
    private boolean growing;
    private boolean firstIsRight;
    private long firstOffload;
    private int index;
    private int slot;
    private int length;
    private int count;
    private int size;
    private int nextSequence;
    private int nextId;
    private int flags;

    Coalescer(PacketPool pool) {
        this.pool = pool;
    }

    /**
     * @param features what the guest takes
     */
    void negotiated(FeatureSet features) {
        this.features = features;
        wanted = features.has(NetFeature.GUEST_CSUM)
                && (features.has(NetFeature.GUEST_TSO4)
                        || features.has(NetFeature.GUEST_TSO6)
                        || features.has(NetFeature.GUEST_USO4)
                        || features.has(NetFeature.GUEST_USO6));
    }

    /** Whether the guest takes anything that could be joined. */
    boolean isWanted() {
        return wanted && pool.capacityLarge() > 0;
    }

    /**
     * The frames {@code from} to {@code to - 1} of a burst with neighbours joined where that is possible. The slots of
     * frames that are not remain the caller's; those of joined ones last until {@link #release}.
     */
    Burst join(Burst burst, int from, int to) {
        joined.clear();
        growing = false;
        for (int i = from; i < to; i++) {
            int bytes = burst.length(i);
            boolean candidate = isCandidate(burst.offload(i), pool.frameOffset(burst.slot(i)), bytes);
            if (growing && candidate && append(pool.frameOffset(burst.slot(i)), bytes, burst.offload(i))) {
                continue;
            }
            finish();
            joined.add(burst, i);
            if (candidate) {
                begin(burst, i);
            }
        }
        finish();
        return joined;
    }

    /** Gives the slots of joined frames back. */
    void release() {
        while (ownCount > 0) {
            pool.release(own[--ownCount]);
        }
    }

    /** Whether a frame can be part of a large one at all; what costs most, its checksum, is looked at later. */
    private boolean isCandidate(long offload, long frame, int bytes) {
        if (Offload.isLarge(offload)
                || !headers.parse(frame, bytes)
                || !features.has(feature())
                || headers.payload == bytes
                || headers.statedLength(frame) != bytes) {
            return false;
        }
        if (offload != Offload.NONE && offload != Offload.checksum(headers.transport, headers.checksumOffset())) {
            return false;
        }
        long transport = frame + headers.transport;
        return headers.tcp
                ? (Be.u8(transport + FrameHeaders.TCP_FLAGS) & ~FrameHeaders.PSH) == FrameHeaders.ACK
                : Be.u16(transport + FrameHeaders.UDP_LENGTH) == bytes - headers.transport;
    }

    private int feature() {
        if (headers.tcp) {
            return headers.six ? NetFeature.GUEST_TSO6 : NetFeature.GUEST_TSO4;
        }
        return headers.six ? NetFeature.GUEST_USO6 : NetFeature.GUEST_USO4;
    }

    private void begin(Burst burst, int i) {
        slot = burst.slot(i);
        length = burst.length(i);
        firstOffload = burst.offload(i);
        long frame = pool.frameOffset(slot);
        flags = headers.tcp ? Be.u8(frame + headers.transport + FrameHeaders.TCP_FLAGS) : 0;
        // what its sender wants to be handed over at once ends a group
        growing = (flags & FrameHeaders.PSH) == 0;
        firstIsRight = false;
        index = joined.count - 1;
        count = 1;
        size = length - headers.payload;
        expectAfter(frame, size);
        FrameHeaders swap = group;
        group = headers;
        headers = swap;
    }

    /** What the frame after the one at hand must have. */
    private void expectAfter(long frame, int bytes) {
        if (headers.tcp) {
            nextSequence = Be.i32(frame + headers.transport + FrameHeaders.TCP_SEQUENCE) + bytes;
        }
        if (!headers.six) {
            nextId = (Be.u16(frame + headers.network + FrameHeaders.IP_ID) + 1) & 0xffff;
        }
    }

    /** Adds the frame at hand to the group, if it is the next one. */
    private boolean append(long frame, int bytes, long offload) {
        int data = bytes - headers.payload;
        if (data > size || length + data > group.largestLength() || !isNext(frame) || !isRight(frame, bytes, offload)) {
            return false;
        }
        if (!firstIsRight && !isFirstRight()) {
            growing = false;
            return false;
        }
        if (count == 1 && !move()) {
            return false;
        }
        copy(frame + headers.payload, pool.frameOffset(slot) + length, data);
        length += data;
        count++;
        if (headers.tcp) {
            flags |= Be.u8(frame + headers.transport + FrameHeaders.TCP_FLAGS);
        }
        if (data < size || (flags & FrameHeaders.PSH) != 0) {
            finish();
        } else {
            expectAfter(frame, data);
        }
        return true;
    }

    /** Whether the headers are those of the group but for what changes from one segment to the next. */
    private boolean isNext(long frame) {
        if (headers.payload != group.payload
                || headers.transport != group.transport
                || headers.network != group.network
                || headers.six != group.six
                || headers.tcp != group.tcp) {
            return false;
        }
        HostMemory.copy(pool.frameOffset(slot), expected, group.payload);
        long ip = expected + group.network;
        if (group.six) {
            take(frame, group.network + FrameHeaders.IPV6_LENGTH);
        } else {
            take(frame, group.network + FrameHeaders.IP_LENGTH);
            take(frame, group.network + FrameHeaders.IP_CHECKSUM);
            Be.u16(ip + FrameHeaders.IP_ID, nextId);
        }
        take(frame, group.transport + group.checksumOffset());
        if (group.tcp) {
            // flags were judged; the byte before them is compared
            int flagsAt = group.transport + FrameHeaders.TCP_FLAGS;
            Be.u8(expected + flagsAt, Be.u8(frame + flagsAt));
            Be.i32(expected + group.transport + FrameHeaders.TCP_SEQUENCE, nextSequence);
        } else {
            take(frame, group.transport + FrameHeaders.UDP_LENGTH);
        }
        MemorySegment all = HostMemory.ALL;
        return MemorySegment.mismatch(all, frame, frame + group.payload, all, expected, expected + group.payload) < 0;
    }

    /** Expects two bytes to be as the frame has them. */
    private void take(long frame, int at) {
        Be.u16(expected + at, Be.u16(frame + at));
    }

    private boolean isRight(long frame, int bytes, long offload) {
        return headers.ipSumRight(frame) && (offload != Offload.NONE || headers.sumRight(frame, bytes));
    }

    private boolean isFirstRight() {
        long frame = pool.frameOffset(slot);
        firstIsRight = group.ipSumRight(frame) && (firstOffload != Offload.NONE || group.sumRight(frame, length));
        return firstIsRight;
    }

    /** The group's first frame moves to a slot of its own with room for the others; false if there is none. */
    private boolean move() {
        int large = pool.takeLarge();
        if (large < 0) {
            return false;
        }
        copy(pool.frameOffset(slot), pool.frameOffset(large), length);
        slot = large;
        own[ownCount++] = large;
        return true;
    }

    /** Segments may be smaller than what the usual copy can move. */
    private static void copy(long from, long to, int bytes) {
        MemorySegment.copy(HostMemory.ALL, from, HostMemory.ALL, to, bytes);
    }

    /** The group grows no more: if it has, its headers are made those of one large frame. */
    private void finish() {
        if (growing && count > 1) {
            long frame = pool.frameOffset(slot);
            int type = NetHeader.GSO_UDP_L4;
            if (group.tcp) {
                Be.u8(frame + group.transport + FrameHeaders.TCP_FLAGS, flags);
                type = group.six ? NetHeader.GSO_TCPV6 : NetHeader.GSO_TCPV4;
            }
            group.stateLength(frame, length);
            joined.set(index, slot, length, Offload.large(type, size, group.transport, group.checksumOffset()));
        }
        growing = false;
    }
}
