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

    /** Copies {@code bytes} bytes, at least 8, between addresses whose ranges do not overlap. */
    public static void copy(long from, long to, int bytes) {
        if (bytes > SMALL) {
            MemorySegment.copy(ALL, from, ALL, to, bytes);
            return;
        }
        long source = from;
        long target = to;
        int left = bytes;
        for (; left >= 32; left -= 32) {
            long first = ALL.get(Le.LONG_UNALIGNED, source);
            long second = ALL.get(Le.LONG_UNALIGNED, source + 8);
            long third = ALL.get(Le.LONG_UNALIGNED, source + 16);
            long fourth = ALL.get(Le.LONG_UNALIGNED, source + 24);
            ALL.set(Le.LONG_UNALIGNED, target, first);
            ALL.set(Le.LONG_UNALIGNED, target + 8, second);
            ALL.set(Le.LONG_UNALIGNED, target + 16, third);
            ALL.set(Le.LONG_UNALIGNED, target + 24, fourth);
            source += 32;
            target += 32;
        }
        for (; left > 8; left -= 8) {
            ALL.set(Le.LONG_UNALIGNED, target, ALL.get(Le.LONG_UNALIGNED, source));
            source += 8;
            target += 8;
        }
        if (left > 0) {
            // the last eight bytes, some of them for the second time
            ALL.set(Le.LONG_UNALIGNED, target + left - 8, ALL.get(Le.LONG_UNALIGNED, source + left - 8));
        }
    }
}
