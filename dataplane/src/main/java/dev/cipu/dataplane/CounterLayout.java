package dev.cipu.dataplane;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The memory in which counters are kept, little-endian; made to be mapped by another process.
 *
 * <pre>
 * header   0 magic:64   8 version:32   12 sequence:32   16 pid:64   24 start:64 (ms since 1970)   32 bytes:64   40 unlisted:64
 * record   0 state:32   4 bytes:32     8 count:32       12 values:32   16 names: (length:16, UTF-8)... owner first
 * </pre>
 *
 * <p>Records follow the header without a gap up to {@code bytes}; each begins on a cache line of its own, and so do its
 * values, {@code values} bytes into the record: {@code count} aligned 64-bit numbers, each written by one thread only.
 * The sequence is odd while records change.
 */
final class CounterLayout {
    /** "cipuCNT1" as it reads in the file. */
    static final long MAGIC = 0x31544e4375706963L;

    static final int VERSION = 1;

    static final long HEADER_BYTES = 64;
    static final long AT_MAGIC = 0;
    static final long AT_VERSION = 8;
    static final long AT_SEQUENCE = 12;
    static final long AT_PID = 16;
    static final long AT_START = 24;
    static final long AT_BYTES = 32;
    static final long AT_UNLISTED = 40;

    static final int LINE = 64;
    static final int STATE_FREE = 1;
    static final int STATE_LIVE = 2;
    static final long AT_STATE = 0;
    static final long AT_RECORD_BYTES = 4;
    static final long AT_COUNT = 8;
    static final long AT_VALUES = 12;
    static final long AT_NAMES = 16;

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Coordinates (MemorySegment, long offset). */
    static final VarHandle INTS = INT.varHandle().withInvokeExactBehavior();

    /** Coordinates (MemorySegment, long offset). */
    static final VarHandle LONGS = Le.LONG.varHandle().withInvokeExactBehavior();

    private CounterLayout() {}

    static int lines(long bytes) {
        return Math.toIntExact((bytes + LINE - 1) & -LINE);
    }

    static int intAt(MemorySegment table, long at) {
        return table.get(INT, at);
    }
}
