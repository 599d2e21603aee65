package dev.cipu.dataplane.net;

import java.nio.ByteBuffer;
import java.util.Random;

/** Frames for tests. */
final class Frames {
    static final byte[] MAC_A = {0x02, 0, 0, 0, 0, 0x0a};
    static final byte[] MAC_B = {0x02, 0, 0, 0, 0, 0x0b};
    static final byte[] MAC_C = {0x02, 0, 0, 0, 0, 0x0c};
    static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};

    private Frames() {}

    /** A frame of {@code bytes} bytes with a body that depends on {@code seed}. */
    static byte[] frame(byte[] to, byte[] from, int bytes, int seed) {
        byte[] frame = new byte[bytes];
        new Random(seed).nextBytes(frame);
        ByteBuffer.wrap(frame).put(to).put(from).putShort((short) 0x88b5);
        return frame;
    }

    /** An IPv4 UDP frame; addresses and ports tell the flow. */
    static byte[] udp(byte[] to, byte[] from, int sourceIp, int targetIp, int sourcePort, int targetPort, int payload) {
        byte[] frame = new byte[14 + 20 + 8 + payload];
        new Random(payload).nextBytes(frame);
        ByteBuffer buffer = ByteBuffer.wrap(frame).put(to).put(from).putShort((short) 0x0800);
        buffer.put((byte) 0x45).put((byte) 0).putShort((short) (28 + payload));
        buffer.putShort((short) 1)
                .putShort((short) 0x4000)
                .put((byte) 64)
                .put((byte) 17)
                .putShort((short) 0);
        buffer.putInt(sourceIp).putInt(targetIp);
        buffer.putShort((short) sourcePort).putShort((short) targetPort);
        buffer.putShort((short) (8 + payload)).putShort((short) 0);
        return frame;
    }
}
