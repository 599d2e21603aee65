package dev.cipu.virtio.memory;

import java.lang.foreign.MemorySegment;

/**
 * Memory by its address in this process: the form in which the fast path reads and writes what it has checked.
 *
 * <p>An access through {@link #ALL} is not checked against any region and does not notice that memory was unmapped. Two
 * rules stand in for that: an address comes from {@link GuestMemory} or a ring that was checked once, bounds and all, and
 * memory is unmapped only after the thread that owns the queue has let go of it. docs/adr/0009 has the measurements.
 */
public final class HostMemory {
    /** The whole address space; offsets in it are addresses. */
    @SuppressWarnings("restricted")
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Up to here eight bytes at a time are faster than a call of the JVM's copy routine. */
    private static final int SMALL = 128;

    private HostMemory() {}

    /**
     * Copies {@code bytes} bytes, at least 8, between addresses whose ranges do not overlap.
     *
     * <p>Small copies are lines of moves, some bytes moved twice, in methods so small that every compilation inlines
     * them: a call between two stores to another core's lines makes the second wait for the first.
     */
    public static void copy(long from, long to, int bytes) {
        if (bytes < 32 || bytes > 64) {
            copyOther(from, to, bytes);
        } else {
            copy32(from, to);
            copyLast32(from, to, bytes);
        }
    }

    private static void copyOther(long from, long to, int bytes) {
        if (bytes > SMALL) {
            MemorySegment.copy(ALL, from, ALL, to, bytes);
            return;
        }
        int last = bytes - 8;
        for (int i = 0; i < last; i += 8) {
            copy8(from + i, to + i);
        }
        copy8(from + last, to + last);
    }

    private static void copyLast32(long from, long to, long bytes) {
        copy32(from + bytes - 32, to + bytes - 32);
    }

    private static void copy32(long from, long to) {
        copy16(from, to);
        copy16(from + 16, to + 16);
    }

    private static void copy16(long from, long to) {
        copy8(from, to);
        copy8(from + 8, to + 8);
    }

    private static void copy8(long from, long to) {
        ALL.set(Le.LONG_UNALIGNED, to, ALL.get(Le.LONG_UNALIGNED, from));
    }
}
