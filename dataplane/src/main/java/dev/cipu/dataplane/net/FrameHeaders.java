package dev.cipu.dataplane.net;

/**
 * Where the headers of a TCP or UDP frame lie, found in the card's own copy of it. Reused for every frame; all places
 * count from the frame's first byte. Owner: the thread that owns the port.
 */
final class FrameHeaders {
    static final int ETHERNET = 14;

    static final int IPV4 = 0x0800;
    static final int IPV6 = 0x86dd;

    static final int TCP = 6;
    static final int UDP = 17;

    /** The last two bytes of a UDP header; a place in a TCP header. */
    static final int UDP_CHECKSUM = 6;

    static final int TCP_CHECKSUM = 16;

    static final int UDP_BYTES = 8;
    static final int UDP_LENGTH = 4;
    static final int TCP_SEQUENCE = 4;
    static final int TCP_OFFSET = 12;
    static final int TCP_FLAGS = 13;

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;
    static final int CWR = 128;

    static final int IP_LENGTH = 2;
    static final int IP_ID = 4;
    static final int IP_FRAGMENT = 6;
    static final int IP_CHECKSUM = 10;
    static final int MORE_FRAGMENTS = 0x2000;
    private static final int IP_PROTOCOL = 9;
    private static final int IP_SOURCE = 12;
    private static final int IPV4_MIN = 20;
    private static final int FRAGMENT_MASK = 0x3fff;

    static final int IPV6_BYTES = 40;
    static final int IPV6_LENGTH = 4;
    private static final int IPV6_NEXT = 6;
    private static final int IPV6_SOURCE = 8;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int DESTINATION_OPTIONS = 60;

    private static final int TCP_MIN = 20;

    private static final int VLAN = 0x8100;
    private static final int SERVICE_VLAN = 0x88a8;
    private static final int VLAN_BYTES = 4;
    private static final int VLAN_TAGS = 2;

    /** Bytes of all headers of a frame, at most; a packet with more of them is none that anybody sends. */
    static final int LIMIT = 256;

    /** Where the IP header begins. */
    int network;

    /** Whether it is one of version 6. */
    boolean six;

    /** Where the TCP or UDP header begins. */
    int transport;

    boolean tcp;

    /** Where the header before it says which one it is. */
    int protocolAt;

    /** Where the data begin. */
    int payload;

    /** Finds the headers; false if the frame is not a whole TCP or UDP packet, not understood, or a fragment. */
    boolean parse(long frame, int length) {
        int at = ETHERNET;
        int type = length < ETHERNET ? 0 : Be.u16(frame + ETHERNET - 2);
        for (int i = 0; i < VLAN_TAGS && (type == VLAN || type == SERVICE_VLAN) && length >= at + VLAN_BYTES; i++) {
            at += VLAN_BYTES;
            type = Be.u16(frame + at - 2);
        }
        network = at;
        six = type == IPV6;
        int protocol = six ? parseSix(frame, length) : type == IPV4 ? parseFour(frame, length) : -1;
        tcp = protocol == TCP;
        if (tcp) {
            if (length - transport < TCP_MIN) {
                return false;
            }
            int bytes = Be.u8(frame + transport + TCP_OFFSET) >>> 4 << 2;
            payload = transport + bytes;
            return bytes >= TCP_MIN && payload <= Math.min(length, LIMIT);
        }
        payload = transport + UDP_BYTES;
        return protocol == UDP && payload <= Math.min(length, LIMIT);
    }

    /** The protocol behind an IPv4 header, or -1. */
    private int parseFour(long frame, int length) {
        long ip = frame + network;
        if (length - network < IPV4_MIN) {
            return -1;
        }
        int first = Be.u8(ip);
        int bytes = (first & 15) * 4;
        if (first >>> 4 != 4 || bytes < IPV4_MIN || (Be.u16(ip + IP_FRAGMENT) & FRAGMENT_MASK) != 0) {
            return -1;
        }
        transport = network + bytes;
        protocolAt = network + IP_PROTOCOL;
        return Be.u8(ip + IP_PROTOCOL);
    }

    /** The protocol behind an IPv6 header and those of its extensions that change nothing of what is below, or -1. */
    private int parseSix(long frame, int length) {
        if (length - network < IPV6_BYTES || Be.u8(frame + network) >>> 4 != 6) {
            return -1;
        }
        protocolAt = network + IPV6_NEXT;
        transport = network + IPV6_BYTES;
        int next = Be.u8(frame + protocolAt);
        while (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION_OPTIONS) {
            int bytes = length - transport < UDP_BYTES ? LIMIT : (Be.u8(frame + transport + 1) + 1) * 8;
            // while there is a way to go, the checksum is one for another destination
            boolean onTheWay = next == ROUTING && Be.u8(frame + transport + 3) != 0;
            if (onTheWay || transport + bytes > Math.min(length, LIMIT)) {
                return -1;
            }
            protocolAt = transport;
            next = Be.u8(frame + transport);
            transport += bytes;
        }
        return next;
    }

    int protocol() {
        return tcp ? TCP : UDP;
    }

    /** From the beginning of the TCP or UDP header to its checksum. */
    int checksumOffset() {
        return tcp ? TCP_CHECKSUM : UDP_CHECKSUM;
    }

    /** The frame's length as its IP header has it: beyond it there is padding. */
    int statedLength(long frame) {
        return six
                ? network + IPV6_BYTES + Be.u16(frame + network + IPV6_LENGTH)
                : network + Be.u16(frame + network + IP_LENGTH);
    }

    /** The largest length that the IP header can state. */
    int largestLength() {
        return network + (six ? IPV6_BYTES : 0) + 0xffff;
    }

    /** Writes the length of the frame into its IP and UDP headers, and what follows from that into their checksums. */
    void stateLength(long frame, int length) {
        stateIpLength(frame, length);
        if (!tcp) {
            Be.u16(frame + transport + UDP_LENGTH, length - transport);
        }
        Be.u16(frame + transport + checksumOffset(), pseudoSum(frame, length - transport));
    }

    /** Writes the length of a frame with these headers into its IP header. */
    void stateIpLength(long frame, int length) {
        long ip = frame + network;
        if (six) {
            Be.u16(ip + IPV6_LENGTH, length - network - IPV6_BYTES);
        } else {
            Be.u16(ip + IP_LENGTH, length - network);
            sumIp(ip, transport - network);
        }
    }

    /** Writes the checksum of an IPv4 header. */
    static void sumIp(long ip, int bytes) {
        Be.u16(ip + IP_CHECKSUM, 0);
        Be.u16(ip + IP_CHECKSUM, ~Checksum.sum(ip, bytes));
    }

    /** Whether the checksum of the IPv4 header is right; always so where there is none. */
    boolean ipSumRight(long frame) {
        return six || Checksum.sum(frame + network, transport - network) == 0xffff;
    }

    /** Whether the TCP or UDP checksum is right; a missing one is not. */
    boolean sumRight(long frame, int length) {
        if (!tcp && Be.u16(frame + transport + UDP_CHECKSUM) == 0) {
            return false;
        }
        int bytes = length - transport;
        return Checksum.fold((long) pseudoSum(frame, bytes) + Checksum.sum(frame + transport, bytes)) == 0xffff;
    }

    /** The sum of the pseudo header for {@code bytes} bytes of TCP or UDP, header included. {@code [RFC 9293 §3.1]} */
    int pseudoSum(long frame, int bytes) {
        int addresses =
                six ? Checksum.sum(frame + network + IPV6_SOURCE, 32) : Checksum.sum(frame + network + IP_SOURCE, 8);
        return Checksum.fold((long) addresses + protocol() + bytes);
    }
}
