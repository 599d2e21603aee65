package dev.cipu.shim.trace;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes a capture file in the pcapng format (IETF draft-ietf-opsawg-pcapng): one section of Ethernet interfaces with timestamps in
 * nanoseconds. Interfaces come first, then packets, then statistics.
 */
final class PcapngWriter {
    private static final int SECTION_HEADER = 0x0a0d0d0a;
    private static final int BYTE_ORDER = 0x1a2b3c4d;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int INTERFACE_STATISTICS = 5;
    private static final int ENHANCED_PACKET = 6;

    private static final int OPTION_END = 0;
    private static final int SECTION_APPLICATION = 4;
    private static final int INTERFACE_NAME = 2;
    private static final int INTERFACE_RESOLUTION = 9;
    private static final int PACKET_FLAGS = 2;
    private static final int PACKET_DROPS = 4;
    private static final int STATISTICS_START = 2;
    private static final int STATISTICS_END = 3;
    private static final int STATISTICS_RECEIVED = 4;
    private static final int STATISTICS_DROPPED = 5;

    private static final short ETHERNET = 1;
    private static final byte NANOSECONDS = 9;

    /** In a packet's flags. */
    static final int INBOUND = 1;

    static final int OUTBOUND = 2;

    /** Of a block beside its body: type, and length before and behind. */
    private static final int FRAME_BYTES = 12;

    /** Everything but the packet's bytes. */
    private static final int LARGEST_BLOCK = 4096;

    private final OutputStream out;
    private final ByteBuffer block =
            ByteBuffer.allocate(LARGEST_BLOCK + (1 << 17)).order(ByteOrder.LITTLE_ENDIAN);

    PcapngWriter(OutputStream out) throws IOException {
        this.out = out;
        begin(SECTION_HEADER);
        block.putInt(BYTE_ORDER);
        block.putShort((short) 1).putShort((short) 0);
        block.putLong(-1);
        text(SECTION_APPLICATION, "cipu");
        endOfOptions();
        end();
    }

    /**
     * The next interface; the first one has number 0.
     *
     * @param most bytes of a packet that the file has
     */
    void describe(String name, int most) throws IOException {
        begin(INTERFACE_DESCRIPTION);
        block.putShort(ETHERNET).putShort((short) 0);
        block.putInt(most);
        text(INTERFACE_NAME, name);
        option(INTERFACE_RESOLUTION, 1);
        block.put(NANOSECONDS);
        pad();
        endOfOptions();
        end();
    }

    /**
     * A packet.
     *
     * @param time ns since 1970
     * @param length the packet's own, of which {@code bytes} are the first
     * @param flags {@link #INBOUND} or {@link #OUTBOUND}
     * @param drops packets of this interface missing before this one
     */
    void packet(int number, long time, MemorySegment bytes, long length, int flags, long drops) throws IOException {
        begin(ENHANCED_PACKET);
        block.putInt(number);
        time(time);
        int captured = (int) bytes.byteSize();
        block.putInt(captured).putInt((int) length);
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, block.array(), block.position(), captured);
        block.position(block.position() + captured);
        pad();
        option(PACKET_FLAGS, Integer.BYTES);
        block.putInt(flags);
        if (drops > 0) {
            option(PACKET_DROPS, Long.BYTES);
            block.putLong(drops);
        }
        endOfOptions();
        end();
    }

    /** What there was of an interface in all; times as above. */
    void statistics(int number, long start, long end, long received, long dropped) throws IOException {
        begin(INTERFACE_STATISTICS);
        block.putInt(number);
        time(end);
        option(STATISTICS_START, Long.BYTES);
        time(start);
        option(STATISTICS_END, Long.BYTES);
        time(end);
        option(STATISTICS_RECEIVED, Long.BYTES);
        block.putLong(received);
        option(STATISTICS_DROPPED, Long.BYTES);
        block.putLong(dropped);
        endOfOptions();
        end();
    }

    private void time(long nanos) {
        block.putInt((int) (nanos >>> Integer.SIZE)).putInt((int) nanos);
    }

    private void begin(int type) {
        block.clear().putInt(type).putInt(0);
    }

    private void end() throws IOException {
        int bytes = block.position() + FRAME_BYTES - 2 * Integer.BYTES;
        block.putInt(bytes);
        block.putInt(Integer.BYTES, bytes);
        out.write(block.array(), 0, bytes);
    }

    private void option(int code, int bytes) {
        block.putShort((short) code).putShort((short) bytes);
    }

    private void text(int code, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        option(code, bytes.length);
        block.put(bytes);
        pad();
    }

    private void endOfOptions() {
        option(OPTION_END, 0);
    }

    /** Everything begins at a multiple of 4. */
    private void pad() {
        while (block.position() % Integer.BYTES != 0) {
            block.put((byte) 0);
        }
    }
}
