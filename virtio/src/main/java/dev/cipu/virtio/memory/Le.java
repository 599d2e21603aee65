package dev.cipu.virtio.memory;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Little-endian accesses to shared memory, the order of every virtio structure. {@code [virtio-1.4 §1.4]} The handles
 * take (segment, byte offset); the aligned ones allow acquire and release, the unaligned ones only plain access.
 */
public final class Le {
    public static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfShort SHORT_UNALIGNED =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt INT_UNALIGNED =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong LONG_UNALIGNED =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Aligned 16-bit access for ring indices: coordinates (MemorySegment, long offset). */
    public static final VarHandle U16 = SHORT.varHandle().withInvokeExactBehavior();

    /** Aligned 64-bit access for packed descriptors: coordinates (MemorySegment, long offset). */
    public static final VarHandle U64 = LONG.varHandle().withInvokeExactBehavior();

    private Le() {}
}
