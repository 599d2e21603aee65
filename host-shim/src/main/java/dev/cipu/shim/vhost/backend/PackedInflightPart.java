package dev.cipu.shim.vhost.backend;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The bytes of one packed ring's record. Every method that stores is one store of the machine, after all before it: the process
 * may die between any two of them, and a test that overrides {@link #stored} does.
 */
class PackedInflightPart {
    private static final VarHandle U8 = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();

    private final MemorySegment bytes;

    PackedInflightPart(MemorySegment bytes) {
        this.bytes = bytes;
    }

    /** After each store. */
    void stored() {}

    final int u8(long offset) {
        return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, offset));
    }

    final int u16(long offset) {
        return Short.toUnsignedInt(bytes.get(Le.SHORT, offset));
    }

    final int u32(long offset) {
        return bytes.get(Le.INT, offset);
    }

    final long u64(long offset) {
        return bytes.get(Le.LONG, offset);
    }

    // a successor, which runs after this process, pairs with all of these releases

    final void u8(long offset, int value) {
        U8.setRelease(bytes, offset, (byte) value);
        stored();
    }

    final void u16(long offset, int value) {
        Le.U16.setRelease(bytes, offset, (short) value);
        stored();
    }

    final void u64(long offset, long value) {
        Le.U64.setRelease(bytes, offset, value);
        stored();
    }
}
