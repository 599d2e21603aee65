package dev.cipu.shim.conform;

import java.nio.ByteBuffer;
import java.util.Random;

/** Frames for network checks, in network byte order. Nobody on a switch owns their addresses. */
final class Frames {
    static final int ETHERNET = 14;

    /** Of an IPv4 header without options. */
    static final int IP = 20;

    /** Where the transport header of an untagged IPv4 frame begins. */
    static final int TRANSPORT = ETHERNET + IP;

    /** Where a UDP header has its checksum. */
    static final int UDP_CHECKSUM = 6;

    /** Where a TCP header has its checksum. */
    static final int TCP_CHECKSUM = 16;

    private static final int UDP = 17;
    private static final int TCP = 6;
    private static final int TCP_HEADER = 20;
    private static final byte[] TO = {0x02, 0, 0, 0, 0x0c, 0x04};
    private static final byte[] FROM = {0x02, 0, 0, 0, 0x0c, 0x03};

    private Frames() {}

    private static ByteBuffer ethernet(int bytes, int type) {
        return ByteBuffer.allocate(bytes).put(TO).put(FROM).putShort((short) type);
    }

    /** All of it, wherever its position is. */
    private static byte[] bytes(ByteBuffer buffer) {
        byte[] all = new byte[buffer.capacity()];
        buffer.get(0, all);
        return all;
    }

    /** A frame of no network protocol, filled by chance. */
    static byte[] plain(int bytes, int seed) {
        byte[] frame = bytes(ethernet(bytes, 0x88b5));
        byte[] body = new byte[bytes - ETHERNET];
        new Random(seed).nextBytes(body);
        System.arraycopy(body, 0, frame, ETHERNET, body.length);
        return frame;
    }

    /** A frame with a VLAN tag. */
    static byte[] tagged(int bytes, int vlan) {
        return ethernet(bytes, 0x8100)
                .putShort((short) vlan)
                .putShort((short) 0x88b5)
                .array();
    }

    /** The frame with another destination. */
    static byte[] to(byte[] mac, byte[] frame) {
        byte[] other = frame.clone();
        System.arraycopy(mac, 0, other, 0, mac.length);
        return other;
    }

    /** A UDP datagram, without a checksum, that belongs to one of many flows. */
    static byte[] flow(int bytes, int number) {
        byte[] frame = udp(bytes, false);
        ByteBuffer.wrap(frame)
                .putShort(TRANSPORT, (short) (2000 + 31 * number))
                .putShort(TRANSPORT + UDP_CHECKSUM, (short) 0);
        return frame;
    }

    private static ByteBuffer ipv4(int bytes, int protocol) {
        ByteBuffer frame = ethernet(bytes, 0x0800);
        frame.put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) (bytes - ETHERNET))
                .putInt(0)
                .put((byte) 64)
                .put((byte) protocol)
                .putShort((short) 0)
                .putInt(0xc6336401)
                .putInt(0xc6336402);
        frame.putShort(ETHERNET + 10, (short) ~sum(bytes(frame), ETHERNET, IP, 0));
        return frame;
    }

    /** A UDP datagram; its checksum is complete, or the pseudo-header's sum only. */
    static byte[] udp(int bytes, boolean complete) {
        ByteBuffer frame = ipv4(bytes, UDP);
        int length = bytes - TRANSPORT;
        frame.putShort((short) 4096)
                .putShort((short) 4097)
                .putShort((short) length)
                .putShort((short) 0);
        while (frame.hasRemaining()) {
            frame.put((byte) frame.position());
        }
        seal(frame, UDP, UDP_CHECKSUM, length, complete);
        return bytes(frame);
    }

    /** A TCP segment, its checksum the pseudo-header's sum only. */
    static byte[] tcp(int bytes) {
        ByteBuffer frame = ipv4(bytes, TCP);
        frame.putShort((short) 4096)
                .putShort((short) 4097)
                .putInt(1)
                .putInt(1)
                .putShort((short) (((TCP_HEADER / 4) << 12) | 0x10))
                .putShort((short) 0x7fff)
                .putInt(0);
        while (frame.hasRemaining()) {
            frame.put((byte) frame.position());
        }
        seal(frame, TCP, TCP_CHECKSUM, bytes - TRANSPORT, false);
        return bytes(frame);
    }

    private static void seal(ByteBuffer frame, int protocol, int field, int length, boolean complete) {
        int pseudo = sum(bytes(frame), ETHERNET + 12, 8, protocol + length);
        frame.putShort(TRANSPORT + field, (short) pseudo);
        if (complete) {
            frame.putShort(TRANSPORT + field, (short) ~sum(bytes(frame), TRANSPORT, length, 0));
        }
    }

    /** Whether the transport checksum of an IPv4 frame is complete and right. */
    static boolean isComplete(byte[] frame) {
        int length = frame.length - TRANSPORT;
        int pseudo = sum(frame, ETHERNET + 12, 8, Byte.toUnsignedInt(frame[ETHERNET + 9]) + length);
        return sum(frame, TRANSPORT, length, pseudo) == 0xffff;
    }

    /** The frame with its checksum completed as a header asks. */
    static byte[] complete(byte[] frame, int start, int offset) {
        byte[] done = frame.clone();
        if (start + offset + 2 <= frame.length) {
            int sum = ~sum(frame, start, frame.length - start, 0);
            done[start + offset] = (byte) (sum >> 8);
            done[start + offset + 1] = (byte) sum;
        }
        return done;
    }

    private static int sum(byte[] bytes, int from, int length, int initial) {
        int sum = initial;
        for (int i = 0; i < length; i++) {
            int value = Byte.toUnsignedInt(bytes[from + i]);
            sum += (i & 1) == 0 ? value << 8 : value;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }
}
