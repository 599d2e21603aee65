package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Fields of frames in the card's own memory, by their address: big-endian, the order of the network. */
final class Be {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Be() {}

    static int u8(long at) {
        return HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    static void u8(long at, int value) {
        HostMemory.ALL.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    static int u16(long at) {
        return HostMemory.ALL.get(SHORT, at) & 0xffff;
    }

    static void u16(long at, int value) {
        HostMemory.ALL.set(SHORT, at, (short) value);
    }

    static int i32(long at) {
        return HostMemory.ALL.get(INT, at);
    }

    static void i32(long at, int value) {
        HostMemory.ALL.set(INT, at, value);
    }
}
