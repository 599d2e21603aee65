package dev.cipu.dataplane.net;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The Internet checksum. {@code [RFC 1071]} */
final class Checksum {
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Checksum() {}

    /**
     * Completes a checksum that a driver left to the device: sums the bytes from {@code start} to the frame's end, the
     * pseudo header's sum being in the field already, and writes the result to {@code start + offset}.
     */
    static void complete(MemorySegment slab, long frame, int bytes, int start, int offset) {
        int sum = sum(slab, frame + start, bytes - start);
        // an all-zero result would mean "no checksum" to UDP; both forms of zero are equal to the others
        slab.set(HALF, frame + start + offset, (short) (sum == 0xffff ? 0xffff : ~sum));
    }

    /** The folded one's complement sum of {@code bytes} bytes. */
    static int sum(MemorySegment memory, long from, int bytes) {
        long sum = 0;
        int i = 0;
        for (; i + 4 <= bytes; i += 4) {
            sum += memory.get(WORD, from + i) & 0xffffffffL;
        }
        if (i + 2 <= bytes) {
            sum += memory.get(HALF, from + i) & 0xffff;
            i += 2;
        }
        if (i < bytes) {
            sum += (memory.get(ValueLayout.JAVA_BYTE, from + i) & 0xffL) << 8;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }
}
