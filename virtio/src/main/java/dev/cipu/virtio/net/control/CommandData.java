package dev.cipu.virtio.net.control;

import dev.cipu.virtio.memory.Le;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A command in private memory: read once, so that nothing its driver does meanwhile changes it. Offsets count from the command's
 * data. Whoever reads at an offset has compared it with {@link #bytes}.
 */
final class CommandData {
    private static final VarHandle U16 = MethodHandles.byteArrayViewVarHandle(short[].class, Le.SHORT.order())
            .withInvokeExactBehavior();
    private static final VarHandle U32 =
            MethodHandles.byteArrayViewVarHandle(int[].class, Le.SHORT.order()).withInvokeExactBehavior();
    private static final VarHandle U64 =
            MethodHandles.byteArrayViewVarHandle(long[].class, Le.SHORT.order()).withInvokeExactBehavior();

    final byte[] memory = new byte[NetControlLayout.MAX_BYTES];
    private int bytes;

    /**
     * @param length of the command in {@link #memory}, two bytes or more
     */
    void begin(int length) {
        bytes = length - NetControlLayout.DATA;
    }

    int classCode() {
        return memory[NetControlLayout.CLASS] & 0xff;
    }

    int command() {
        return memory[NetControlLayout.COMMAND] & 0xff;
    }

    /** Bytes of data. */
    int bytes() {
        return bytes;
    }

    int u8(int at) {
        return memory[NetControlLayout.DATA + at] & 0xff;
    }

    int u16(int at) {
        return Short.toUnsignedInt((short) U16.get(memory, NetControlLayout.DATA + at));
    }

    int u32(int at) {
        return (int) U32.get(memory, NetControlLayout.DATA + at);
    }

    long u64(int at) {
        return (long) U64.get(memory, NetControlLayout.DATA + at);
    }

    /** Six bytes, the first one lowest. */
    long mac(int at) {
        return Integer.toUnsignedLong(u32(at)) | (long) u16(at + 4) << 32;
    }

    byte[] copy(int at, int length) {
        byte[] copy = new byte[length];
        System.arraycopy(memory, NetControlLayout.DATA + at, copy, 0, length);
        return copy;
    }
}
