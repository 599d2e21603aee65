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
 * <p>Where a segment's buffer is contiguous, headers and data go straight there. Elsewhere the segment is made in place:
 * its headers are written over the end of the segment before it, directly before its own data, so that one copy of the
 * usual kind moves all of it. What lay there is put back afterwards, because other ports may be about to read the same
 * frame.
 *
 * <pre>
 *   frame: | headers | data 0      | data 1      | data 2  |
 *                      segment 1: | headers | data 1      |
 * </pre>
 *
 * Headers are copied as they are in the frame and then written to, never read again: a load of what was just stored in
 * smaller pieces would wait. So checksums are made of sums that were taken once for the whole frame.
 *
 * Owner: the thread that owns the port.
 */
public final class Segmenter {
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
    private static final int BEFORE = NetHeader.HASH_BYTES;

    private static final int SAVED_BYTES = BEFORE + FrameHeaders.LIMIT + FRAGMENT_BYTES;
    private static final long WEYL = 0x9E3779B97F4A7C15L;

    private static final long MASK = 0xffff;

    /** Where checksums lie in eight bytes of a header: {@link #ipWord}, {@link #tcpWord}. */
    private static final int IP_CHECKSUM_SHIFT = 48;

    private static final int TCP_CHECKSUM_SHIFT = 32;

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

    /** What the headers are, as {@link FrameHeaders} says it. */
    private boolean six;

    private boolean tcp;
    private int network;
    private int transport;

    /** Where the data begin in the frame, and their address; how many there are, and have gone out. */
    private int dataAt;

    private long dataFrom;
    private int dataBytes;
    private int done;

    private boolean lent;
    private int count;
    private int sequence;
    private int ipId;

    /** The two bytes of a TCP header that end with its flags. */
    private int offsetAndFlags;

    /** Sums of the headers and pseudo headers without what differs from segment to segment. */
    private int ipSum;

    private int pseudoSum;
    private int transportSum;
    private int fieldBefore;

    /**
     * What segments have in common that are {@link #alike}, in the order in which memory is read, so that it need not be swapped for
     * each: eight bytes of a header of IPv4 from the identification on, without that and the checksum; eight of a TCP header from its
     * offset and flags on, without the checksum; the lengths; and sums, without identification, sequence number and data.
     */
    private long ipWord;

    private long tcpWord;
    private short ipLength;
    private short udpLength;
    private int ipRest;
    private int transportRest;

    private long fragmentId = System.nanoTime();

    /** The segment at hand: its address if it is made in place, its bytes, and those of its data. */
    private long segment;

    private int segmentBytes;
    private int data;
    private boolean last;

    /** For one port; its memory lives as long as it. */
    public Segmenter() {}

    /**
     * Begins a frame, which may not be touched before {@link #end}. Before it there must be {@link PacketPool#HEADROOM}.
     *
     * @param frame its address
     * @param offload what {@link Offload#large} made
     * @param partial whether the checksum of each segment is left to its receiver
     */
    public void begin(long frame, int length, long offload, boolean partial) {
        if (!headers.parse(frame, length)) {
            throw new IllegalStateException("a large frame without TCP or UDP");
        }
        this.frame = frame;
        six = headers.six;
        tcp = headers.tcp;
        network = headers.network;
        transport = headers.transport;
        done = 0;
        data = 0;
        count = -1;
        lent = false;
        fragments = Offload.gsoType(offload) == NetHeader.GSO_UDP;
        leavesPartial = partial && !fragments;
        dataAt = fragments ? headers.transport : headers.payload;
        dataFrom = frame + dataAt;
        dataBytes = length - dataAt;
        size = fragments ? Offload.gsoSize(offload) & -FRAGMENT_BYTES : Offload.gsoSize(offload);
        headerBytes = dataAt;
        HostMemory.copy(frame, template, dataAt);
        if (fragments) {
            beginFragments();
        } else {
            beginSegments();
        }
        if (!headers.six) {
            beginIp();
        }
    }

    private void beginIp() {
        long ip = template + headers.network;
        ipId = Be.u16(ip + FrameHeaders.IP_ID);
        Be.u16(ip + FrameHeaders.IP_LENGTH, 0);
        Be.u16(ip + FrameHeaders.IP_CHECKSUM, 0);
        Be.u16(ip + FrameHeaders.IP_FRAGMENT, fragments ? 0 : Be.u16(ip + FrameHeaders.IP_FRAGMENT));
        Be.u16(ip + FrameHeaders.IP_ID, fragments ? ipId : 0);
        ipSum = Checksum.sum(ip, headers.transport - headers.network);
        ipWord = HostMemory.ALL.get(Le.LONG_UNALIGNED, ip + FrameHeaders.IP_ID) & ~(MASK << IP_CHECKSUM_SHIFT | MASK);
    }

    private void beginSegments() {
        long transport = template + headers.transport;
        pseudoSum = headers.pseudoSum(template, 0);
        Be.u16(transport + headers.checksumOffset(), 0);
        if (headers.tcp) {
            sequence = Be.i32(transport + FrameHeaders.TCP_SEQUENCE);
            offsetAndFlags = Be.u16(transport + FrameHeaders.TCP_OFFSET);
            Be.i32(transport + FrameHeaders.TCP_SEQUENCE, 0);
            Be.u16(transport + FrameHeaders.TCP_OFFSET, 0);
            tcpWord = HostMemory.ALL.get(Le.LONG_UNALIGNED, transport + FrameHeaders.TCP_OFFSET);
        } else {
            Be.u16(transport + FrameHeaders.UDP_LENGTH, 0);
        }
        transportSum = Checksum.sum(transport, headers.payload - headers.transport);
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

    /** Goes to the next segment; false if there is none. It is {@link #writeTo written} or {@link #makeInPlace made}. */
    public boolean next() {
        done += data;
        count++;
        int left = dataBytes - done;
        if (left <= size || count < 2) {
            if (left <= 0) {
                return false;
            }
            unlike(left);
        }
        return true;
    }

    /** The first segment, the second and the last are not like those before them. */
    private void unlike(int left) {
        data = Math.min(size, left);
        segmentBytes = headerBytes + data;
        last = left <= size;
        if (!fragments) {
            alike();
        }
    }

    /** What this segment has in common with those that are like it. */
    private void alike() {
        int bytes = segmentBytes - network;
        ipLength = Short.reverseBytes((short) (six ? bytes - FrameHeaders.IPV6_BYTES : bytes));
        ipRest = Checksum.swapped(ipSum + bytes);
        int transportBytes = segmentBytes - transport;
        int pseudo = pseudoSum + transportBytes;
        if (tcp) {
            int clear = (done == 0 ? 0 : FrameHeaders.CWR) | (last ? 0 : FrameHeaders.FIN | FrameHeaders.PSH);
            int flags = offsetAndFlags & ~clear;
            tcpWord &= ~(MASK << TCP_CHECKSUM_SHIFT | MASK);
            tcpWord |= Short.reverseBytes((short) flags) & MASK;
            transportRest = Checksum.swapped(leavesPartial ? pseudo : pseudo + transportSum + flags);
        } else {
            udpLength = Short.reverseBytes((short) transportBytes);
            transportRest = Checksum.swapped(leavesPartial ? pseudo : pseudo + transportSum + transportBytes);
        }
    }

    /** Writes the segment to where all of it has room. */
    public void writeTo(long to) {
        if (data < Checksum.LONG || fragments) {
            writeOther(to);
            return;
        }
        // what goes beyond the headers is written over by the data
        HostMemory.copyAndBeyond(template, to, headerBytes);
        long from = dataFrom + done;
        if (leavesPartial) {
            MemorySegment.copy(HostMemory.ALL, from, HostMemory.ALL, to + headerBytes, data);
            complete(to, 0);
        } else {
            complete(to, Checksum.copyAndSum(from, to + headerBytes, data));
        }
    }

    private void writeOther(long to) {
        writeHeaders(to);
        if (data >= Long.BYTES) {
            HostMemory.copy(dataFrom + done, to + headerBytes, data);
        } else {
            MemorySegment.copy(HostMemory.ALL, dataFrom + done, HostMemory.ALL, to + headerBytes, data);
        }
    }

    /** Makes the segment within the frame, which must be put {@link #back}; returns its address. */
    long makeInPlace() {
        segment = dataFrom + done - headerBytes;
        HostMemory.copy(segment - BEFORE, saved, BEFORE + headerBytes);
        lent = true;
        writeHeaders(segment);
        return segment;
    }

    private void writeHeaders(long to) {
        HostMemory.copy(template, to, headerBytes);
        if (fragments) {
            writeFragment(to);
        } else {
            complete(to, leavesPartial ? 0 : Checksum.sumAsRead(dataFrom + done, data));
        }
    }

    /**
     * Writes into a segment's headers what differs from segment to segment, in few stores: each waits for those before it.
     *
     * @param dataSum {@link Checksum#sumAsRead} of the data, of no meaning where the checksum is left to the receiver
     */
    private void complete(long to, long dataSum) {
        if (six) {
            HostMemory.ALL.set(Le.SHORT_UNALIGNED, to + network + FrameHeaders.IPV6_LENGTH, ipLength);
        } else {
            long id = Short.reverseBytes((short) (ipId + count)) & MASK;
            long checksum = ~Checksum.fold(ipRest + (int) id) & MASK;
            HostMemory.ALL.set(Le.SHORT_UNALIGNED, to + network + FrameHeaders.IP_LENGTH, ipLength);
            HostMemory.ALL.set(
                    Le.LONG_UNALIGNED, to + network + FrameHeaders.IP_ID, ipWord | id | checksum << IP_CHECKSUM_SHIFT);
        }
        if (tcp) {
            writeTcp(to + transport, dataSum);
        } else {
            writeUdp(to + transport, dataSum);
        }
    }

    private void writeTcp(long to, long dataSum) {
        int at = Integer.reverseBytes(sequence + done);
        HostMemory.ALL.set(Le.INT_UNALIGNED, to + FrameHeaders.TCP_SEQUENCE, at);
        long checksum = checksum(Integer.toUnsignedLong(at) + dataSum);
        HostMemory.ALL.set(Le.LONG_UNALIGNED, to + FrameHeaders.TCP_OFFSET, tcpWord | checksum << TCP_CHECKSUM_SHIFT);
    }

    private void writeUdp(long to, long dataSum) {
        HostMemory.ALL.set(Le.SHORT_UNALIGNED, to + FrameHeaders.UDP_LENGTH, udpLength);
        short checksum = (short) checksum(dataSum);
        // zero would say that there is none
        HostMemory.ALL.set(Le.SHORT_UNALIGNED, to + FrameHeaders.UDP_CHECKSUM, checksum == 0 ? -1 : checksum);
    }

    /**
     * The checksum of the segment, or the pseudo header's sum for who completes it. The data begin at an even distance from the
     * header's beginning, so their sum adds up as it is.
     */
    private long checksum(long different) {
        return leavesPartial ? transportRest : ~Checksum.fold(transportRest + different) & MASK;
    }

    private void writeFragment(long to) {
        long ip = to + headers.network;
        if (headers.six) {
            Be.u16(to + headerBytes - FRAGMENT_BYTES + FRAGMENT_OFFSET, done | (last ? 0 : 1));
            Be.u16(ip + FrameHeaders.IPV6_LENGTH, segmentBytes - headers.network - FrameHeaders.IPV6_BYTES);
            return;
        }
        // it is fragmented here, so it may be
        int place = done / FRAGMENT_BYTES | (last ? 0 : FrameHeaders.MORE_FRAGMENTS);
        int bytes = segmentBytes - headers.network;
        Be.u16(ip + FrameHeaders.IP_LENGTH, bytes);
        Be.u16(ip + FrameHeaders.IP_FRAGMENT, place);
        Be.u16(ip + FrameHeaders.IP_CHECKSUM, ~Checksum.fold((long) ipSum + bytes + place));
        if (done == 0) {
            // the headers of all others
            dropOptions(template + headers.network, headers.transport - headers.network);
            ipSum = Checksum.sum(template + headers.network, headers.transport - headers.network);
        }
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

    /** Bytes of the segment at hand. */
    public int bytes() {
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

    /** What was made in place is done with: the frame is again what it was. */
    void back() {
        if (lent) {
            lent = false;
            HostMemory.copy(saved, segment - BEFORE, BEFORE + headerBytes);
        }
    }

    /** Ends a frame wherever it is; it is again what it was. */
    public void end() {
        back();
        if (fragments) {
            Be.u16(frame + headers.transport + FrameHeaders.UDP_CHECKSUM, fieldBefore);
        }
    }
}
