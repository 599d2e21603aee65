package dev.cipu.dataplane.net;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Builds and reads TCP and UDP frames with code of its own, byte by byte: what the card does to frames is judged by this
 * and not by what the card does it with.
 */
final class Datagram {
    static final int FIN = 1;
    static final int SYN = 2;
    static final int PSH = 8;
    static final int ACK = 16;
    static final int ECE = 64;
    static final int CWR = 128;

    byte[] to = Frames.MAC_B;
    byte[] from = Frames.MAC_A;
    boolean six;
    boolean tcp = true;
    int vlans;

    /** Bytes of IPv4 options or IPv6 extension headers: a multiple of 4, or 8. */
    int extra;

    int tcpOptions;
    int sequence = 0x1000;
    int acknowledged = 77;
    int id = 100;
    int flags = ACK;
    int sourcePort = 1000;
    byte[] data = new byte[0];

    static Datagram tcp(boolean six, byte[] data) {
        Datagram one = new Datagram();
        one.six = six;
        one.data = data;
        return one;
    }

    static Datagram udp(boolean six, byte[] data) {
        Datagram one = tcp(six, data);
        one.tcp = false;
        return one;
    }

    static byte[] data(int bytes, long seed) {
        byte[] data = new byte[bytes];
        new SplittableRandom(seed).nextBytes(data);
        return data;
    }

    int network() {
        return 14 + 4 * vlans;
    }

    int transport() {
        return network() + (six ? 40 : 20) + extra;
    }

    int checksumOffset() {
        return tcp ? 16 : 6;
    }

    int payload() {
        return transport() + (tcp ? 20 + tcpOptions : 8);
    }

    /** The frame with a checksum that is complete, or the pseudo header's sum only. */
    byte[] frame(boolean complete) {
        byte[] frame = new byte[payload() + data.length];
        ByteBuffer buffer = ByteBuffer.wrap(frame).put(to).put(from);
        for (int i = 0; i < vlans; i++) {
            buffer.putShort((short) 0x8100).putShort((short) (i + 5));
        }
        buffer.putShort((short) (six ? 0x86dd : 0x0800));
        int protocol = tcp ? 6 : 17;
        if (six) {
            buffer.putInt(0x6000_1234).putShort((short) (frame.length - network() - 40));
            buffer.put((byte) (extra > 0 ? 60 : protocol)).put((byte) 63);
            buffer.putLong(0xfe80L << 48).putLong(1).putLong(0xfe80L << 48).putLong(2);
            if (extra > 0) {
                buffer.put((byte) protocol)
                        .put((byte) (extra / 8 - 1))
                        .put((byte) 1)
                        .put((byte) (extra - 4));
            }
        } else {
            buffer.put((byte) (0x45 + extra / 4)).put((byte) 0x10).putShort((short) (frame.length - network()));
            buffer.putShort((short) id).putShort((short) 0x4000).put((byte) 64).put((byte) protocol);
            buffer.putShort((short) 0).putInt(0x0a000001).putInt(0x0a000002);
            for (int i = 0; i < extra; i++) {
                buffer.put((byte) 1);
            }
            buffer.putShort(network() + 10, (short) ~sum(frame, network(), transport(), 0));
        }
        buffer.position(transport());
        buffer.putShort((short) sourcePort).putShort((short) 80);
        if (tcp) {
            buffer.putInt(sequence).putInt(acknowledged);
            buffer.put((byte) ((5 + tcpOptions / 4) * 16)).put((byte) flags).putShort((short) 0x7fff);
            buffer.putShort((short) 0).putShort((short) 0);
            for (int i = 0; i < tcpOptions; i++) {
                buffer.put((byte) 1);
            }
        } else {
            buffer.putShort((short) (8 + data.length)).putShort((short) 0);
        }
        buffer.put(payload(), data);
        int field = transport() + checksumOffset();
        int pseudo = pseudo(frame);
        buffer.putShort(field, (short) pseudo);
        if (complete) {
            int sum = ~sum(frame, transport(), frame.length, 0) & 0xffff;
            buffer.putShort(field, (short) (sum == 0 && !tcp ? 0xffff : sum));
        }
        return frame;
    }

    private int pseudo(byte[] frame) {
        int bytes = frame.length - transport();
        int at = network() + (six ? 8 : 12);
        return sum(frame, at, at + (six ? 32 : 8), (tcp ? 6 : 17) + bytes);
    }

    /** The header's first long for this frame as one to be cut. */
    long header(int type, int size) {
        return dev.cipu.virtio.net.NetHeader.first(1, type, payload(), size, transport());
    }

    /** Reads a complete frame and checks every length and checksum on the way. */
    static Datagram read(byte[] frame) {
        Datagram one = new Datagram();
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        one.to = Arrays.copyOf(frame, 6);
        one.from = Arrays.copyOfRange(frame, 6, 12);
        while (Short.toUnsignedInt(buffer.getShort(one.network() - 2)) == 0x8100) {
            one.vlans++;
        }
        int network = one.network();
        one.six = Short.toUnsignedInt(buffer.getShort(network - 2)) == 0x86dd;
        int protocol;
        if (one.six) {
            check(Short.toUnsignedInt(buffer.getShort(network + 4)) == frame.length - network - 40, "IPv6 length");
            protocol = frame[network + 6];
            if (protocol == 60) {
                one.extra = (frame[network + 41] + 1) * 8;
                protocol = frame[network + 40];
            }
        } else {
            one.extra = (frame[network] & 15) * 4 - 20;
            check(Short.toUnsignedInt(buffer.getShort(network + 2)) == frame.length - network, "IPv4 length");
            check(sum(frame, network, network + 20 + one.extra, 0) == 0xffff, "IPv4 checksum");
            one.id = Short.toUnsignedInt(buffer.getShort(network + 4));
            check(buffer.getShort(network + 6) == 0x4000, "IPv4 fragment");
            protocol = frame[network + 9];
        }
        one.tcp = protocol == 6;
        check(one.tcp || protocol == 17, "protocol " + protocol);
        int transport = one.transport();
        one.sourcePort = Short.toUnsignedInt(buffer.getShort(transport));
        if (one.tcp) {
            one.sequence = buffer.getInt(transport + 4);
            one.acknowledged = buffer.getInt(transport + 8);
            one.tcpOptions = (frame[transport + 12] & 0xf0) / 4 - 20;
            one.flags = frame[transport + 13] & 0xff;
        } else {
            check(Short.toUnsignedInt(buffer.getShort(transport + 4)) == frame.length - transport, "UDP length");
            check(buffer.getShort(transport + 6) != 0, "no UDP checksum");
        }
        one.data = Arrays.copyOfRange(frame, one.payload(), frame.length);
        check(sum(frame, transport, frame.length, one.pseudo(frame)) == 0xffff, "checksum");
        return one;
    }

    private static void check(boolean right, String what) {
        if (!right) {
            throw new AssertionError("wrong: " + what);
        }
    }

    static int sum(byte[] bytes, int from, int to, int first) {
        int sum = first;
        for (int i = from; i < to; i++) {
            sum += (bytes[i] & 0xff) << ((i - from) % 2 == 0 ? 8 : 0);
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return sum;
    }
}
