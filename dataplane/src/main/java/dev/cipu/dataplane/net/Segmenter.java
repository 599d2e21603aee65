package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a large frame into segments for a guest that does not do so itself: TCP segments, UDP datagrams, or fragments of
 * one UDP datagram.
 *
 * <p>A segment is made in place: its headers are written over the end of the segment before it, directly before its own
 * data, so that one copy of the usual kind moves all of it. What lay there is put back afterwards, because other ports
 * may be about to read the same frame.
 *
 * <pre>
 *   frame: | headers | data 0      | data 1      | data 2  |
 *                      segment 1: | headers | data 1      |
 * </pre>
 *
 * Owner: the thread that owns the port.
 */
final class Segmenter {
    /** A fragment header of IPv6. {@code [RFC 8200 §4.5]} */
    private static final int FRAGMENT_HEADER = 44;

    private static final int FRAGMENT_BYTES = 8;
    private static final int FRAGMENT_OFFSET = 2;
    private static final int FRAGMENT_ID = 4;

    private static final int OPTIONS = 20;
    private static final int OPTION_COPIED = 0x80;
    private static final int OPTION_END = 0;
    private static final int OPTION_NOTHING = 1;

    /** Before each segment there must be room for the header of virtio-net. */
    private static final int BEFORE = NetHeader.BYTES;

    private static final int SAVED_BYTES = BEFORE + FrameHeaders.LIMIT + FRAGMENT_BYTES;
    private static final long WEYL = 0x9E3779B97F4A7C15L;

    private final FrameHeaders headers = new FrameHeaders();

    /** Keeps the memory alive. */
    private final MemorySegment memory = Arena.ofAuto().allocate(2L * SAVED_BYTES, 64);

    private final long template = memory.address();
    private final long saved = template + SAVED_BYTES;

    private long frame;
    private boolean fragments;
    private boolean leavesPartial;

    /** Bytes of a segment's headers, and its data but for the last one's. */
    private int headerBytes;

    private int size;

    /** Where the data begin in the frame; how many there are, and have gone out. */
    private int dataAt;

    private int dataBytes;
    private int done;

    private boolean lent;
    private int count;
    private int tcpFlags;
    private int sequence;
    private int ipId;
    private int fieldBefore;
    private long fragmentId = System.nanoTime();

    /** The segment at hand: its address and bytes. */
    private long segment;

    private int segmentBytes;

    /**
     * Begins a frame, which may not be touched before {@link #end}.
     *
     * @param partial whether the checksum of each segment is left to its receiver
     */
    void begin(long frame, int length, long offload, boolean partial) {
        if (!headers.parse(frame, length)) {
            throw new IllegalStateException("a large frame without TCP or UDP");
        }
        this.frame = frame;
        done = 0;
        count = 0;
        lent = false;
        fragments = Offload.gsoType(offload) == NetHeader.GSO_UDP;
        leavesPartial = partial && !fragments;
        dataAt = fragments ? headers.transport : headers.payload;
        dataBytes = length - dataAt;
        size = fragments ? Offload.gsoSize(offload) & -FRAGMENT_BYTES : Offload.gsoSize(offload);
        headerBytes = dataAt;
        HostMemory.copy(frame, template, dataAt);
        if (fragments) {
            beginFragments();
        } else if (headers.tcp) {
            tcpFlags = Be.u8(frame + headers.transport + FrameHeaders.TCP_FLAGS);
            sequence = Be.i32(frame + headers.transport + FrameHeaders.TCP_SEQUENCE);
        }
        ipId = headers.six ? 0 : Be.u16(frame + headers.network + FrameHeaders.IP_ID);
    }

    /** The checksum of a datagram is one over all fragments. */
    private void beginFragments() {
        long field = frame + headers.transport + FrameHeaders.UDP_CHECKSUM;
        fieldBefore = Be.u16(field);
        Checksum.complete(frame, dataAt + dataBytes, headers.transport, FrameHeaders.UDP_CHECKSUM);
        fragmentId += WEYL;
        if (headers.six) {
            Be.u8(template + headers.protocolAt, FRAGMENT_HEADER);
            HostMemory.ALL.set(Le.LONG_UNALIGNED, template + dataAt, 0);
            Be.u8(template + dataAt, FrameHeaders.UDP);
            Be.i32(template + dataAt + FRAGMENT_ID, (int) (((fragmentId ^ (fragmentId >>> 29)) * WEYL) >>> 32));
            headerBytes += FRAGMENT_BYTES;
        }
    }

    /** Makes the next segment; false if there is none. The one before it must have been handed {@link #back}. */
    boolean next() {
        if (done >= dataBytes) {
            return false;
        }
        int bytes = Math.min(size, dataBytes - done);
        segment = frame + dataAt + done - headerBytes;
        segmentBytes = headerBytes + bytes;
        HostMemory.copy(segment - BEFORE, saved, BEFORE + headerBytes);
        lent = true;
        HostMemory.copy(template, segment, headerBytes);
        boolean last = done + bytes == dataBytes;
        if (fragments) {
            fragment(last);
        } else {
            segment(bytes, last);
        }
        done += bytes;
        count++;
        return true;
    }

    private void segment(int bytes, boolean last) {
        if (!headers.six) {
            Be.u16(segment + headers.network + FrameHeaders.IP_ID, ipId + count);
        }
        headers.stateIpLength(segment, segmentBytes);
        long transport = segment + headers.transport;
        if (headers.tcp) {
            Be.i32(transport + FrameHeaders.TCP_SEQUENCE, sequence + done);
            int clear = (done == 0 ? 0 : FrameHeaders.CWR) | (last ? 0 : FrameHeaders.FIN | FrameHeaders.PSH);
            Be.u8(transport + FrameHeaders.TCP_FLAGS, tcpFlags & ~clear);
        } else {
            Be.u16(transport + FrameHeaders.UDP_LENGTH, FrameHeaders.UDP_BYTES + bytes);
        }
        int transportBytes = segmentBytes - headers.transport;
        long field = transport + headers.checksumOffset();
        Be.u16(field, headers.pseudoSum(segment, transportBytes));
        if (!leavesPartial) {
            int sum = ~Checksum.sum(transport, transportBytes) & 0xffff;
            Be.u16(field, sum == 0 && !headers.tcp ? 0xffff : sum);
        }
    }

    private void fragment(boolean last) {
        if (headers.six) {
            long header = segment + headerBytes - FRAGMENT_BYTES;
            Be.u16(header + FRAGMENT_OFFSET, done | (last ? 0 : 1));
            Be.u16(
                    segment + headers.network + FrameHeaders.IPV6_LENGTH,
                    segmentBytes - headers.network - FrameHeaders.IPV6_BYTES);
            return;
        }
        long ip = segment + headers.network;
        // it is fragmented here, so it may be
        Be.u16(ip + FrameHeaders.IP_FRAGMENT, done / FRAGMENT_BYTES | (last ? 0 : FrameHeaders.MORE_FRAGMENTS));
        if (done > 0) {
            dropOptions(ip, headers.transport - headers.network);
        }
        headers.stateIpLength(segment, segmentBytes);
    }

    /** Of the options of IPv4 only some go with every fragment. {@code [RFC 791 §3.1]} */
    private static void dropOptions(long ip, int bytes) {
        int at = OPTIONS;
        while (at < bytes) {
            int kind = Be.u8(ip + at);
            int own = kind == OPTION_NOTHING ? 1 : at + 1 < bytes ? Math.max(2, Be.u8(ip + at + 1)) : 1;
            int end = kind == OPTION_END ? bytes : Math.min(bytes, at + own);
            for (; at < end; at++) {
                if ((kind & OPTION_COPIED) == 0) {
                    Be.u8(ip + at, kind == OPTION_END ? OPTION_END : OPTION_NOTHING);
                }
            }
        }
    }

    /** Where the segment at hand lies, the header of virtio-net having room before it. */
    long at() {
        return segment;
    }

    int bytes() {
        return segmentBytes;
    }

    /** Where the TCP or UDP header of each segment begins. */
    int transport() {
        return headers.transport;
    }

    int checksumOffset() {
        return headers.checksumOffset();
    }

    /** Whether the segments' checksums are left to their receiver. */
    boolean leavesPartial() {
        return leavesPartial;
    }

    /** The segment at hand is done with: the frame is again what it was. */
    void back() {
        if (lent) {
            lent = false;
            HostMemory.copy(saved, segment - BEFORE, BEFORE + headerBytes);
        }
    }

    /** Ends a frame wherever it is; it is again what it was. */
    void end() {
        back();
        if (fragments) {
            Be.u16(frame + headers.transport + FrameHeaders.UDP_CHECKSUM, fieldBefore);
        }
    }
}
