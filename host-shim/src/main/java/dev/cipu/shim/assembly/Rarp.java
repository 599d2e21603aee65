package dev.cipu.shim.assembly;

import java.nio.ByteBuffer;

/** The frame by which a virtual machine's host tells the network where it is now. {@code [RFC 903]} */
final class Rarp {
    /** The least that Ethernet carries, without its checksum. */
    private static final int FRAME_BYTES = 60;

    private static final short ETHERTYPE = (short) 0x8035;
    private static final short HARDWARE_ETHERNET = 1;
    private static final short PROTOCOL_IPV4 = 0x0800;
    private static final byte HARDWARE_BYTES = 6;
    private static final byte PROTOCOL_BYTES = 4;
    private static final short REQUEST_REVERSE = 3;
    private static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};
    private static final int NO_ADDRESS = 0;

    private Rarp() {}

    static byte[] announce(byte[] mac) {
        ByteBuffer frame = ByteBuffer.allocate(FRAME_BYTES);
        frame.put(BROADCAST).put(mac).putShort(ETHERTYPE);
        frame.putShort(HARDWARE_ETHERNET).putShort(PROTOCOL_IPV4);
        frame.put(HARDWARE_BYTES).put(PROTOCOL_BYTES).putShort(REQUEST_REVERSE);
        frame.put(mac).putInt(NO_ADDRESS).put(mac).putInt(NO_ADDRESS);
        return frame.array();
    }
}
