package dev.cipu.virtio.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

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

    /**
     * Whether {@link Vectors} may be used: a constant, so that compiled code has only one of both ways in it. It is set where the one who
     * started this JVM says that its compiler was told to know vectors, which cannot be seen from inside.
     */
    public static final boolean WIDE = Boolean.getBoolean("cipu.vectors") && areExported() && Words.areRegisters();

    /** Up to here moves are faster than a call of the JVM's copy routine. */
    private static final int SMALL = 128;

    private static final StructLayout WORDS = MemoryLayout.structLayout(
            Le.LONG_UNALIGNED.withName("0"),
            Le.LONG_UNALIGNED.withName("1"),
            Le.LONG_UNALIGNED.withName("2"),
            Le.LONG_UNALIGNED.withName("3"));

    private static final VarHandle WORD_0 = word("0");
    private static final VarHandle WORD_1 = word("1");
    private static final VarHandle WORD_2 = word("2");
    private static final VarHandle WORD_3 = word("3");

    private static VarHandle word(String name) {
        return WORDS.varHandle(MemoryLayout.PathElement.groupElement(name)).withInvokeExactBehavior();
    }

    /** A page of zeroes. */
    private static final MemorySegment ZEROES = Arena.global().allocate(4096, 64);

    private HostMemory() {}

    /** Who wants vectors and cannot have them would have a slow card, and not know why. */
    private static boolean areExported() {
        if (!Object.class.getModule().isExported("jdk.internal.vm.vector", HostMemory.class.getModule())) {
            throw new IllegalStateException(
                    "cipu.vectors is set, so start Java with --add-exports=java.base/jdk.internal.vm.vector=ALL-UNNAMED, too");
        }
        return true;
    }

    /**
     * Fills with zeroes. A slice that is filled would be an object for each call, which the compiler does away with in some callers and not
     * in others.
     */
    public static void zero(MemorySegment memory, long from, long bytes) {
        long end = from + bytes;
        for (long at = from; at < end; at += ZEROES.byteSize()) {
            MemorySegment.copy(ZEROES, 0, memory, at, Math.min(ZEROES.byteSize(), end - at));
        }
    }

    /**
     * Copies {@code bytes} bytes, at least 8, between addresses whose ranges do not overlap.
     *
     * <p>Small copies are lines of moves, some bytes moved twice, in methods so small that every compilation inlines
     * them: a call between two stores to another core's lines makes the second wait for the first.
     */
    public static void copy(long from, long to, int bytes) {
        if (bytes >= 32 && bytes <= 64) {
            copy32(from, to);
            copyLast32(from, to, bytes);
        } else if (bytes > SMALL) {
            MemorySegment.copy(ALL, from, ALL, to, bytes);
        } else {
            copyOther(from, to, bytes);
        }
    }

    /**
     * Copies {@code bytes} bytes, at least 1, in pieces of 32, and so up to 31 more: for what stands before something that is written
     * next. Both places must have room for these.
     */
    public static void copyAndBeyond(long from, long to, int bytes) {
        // not a loop for what is common: the compiler would ask more of one than the moves take
        copy32(from, to);
        if (bytes > 32) {
            copy32(from + 32, to + 32);
            if (bytes > 64) {
                copy32(from + 64, to + 64);
                if (bytes > 96) {
                    copyBeyond96(from, to, bytes);
                }
            }
        }
    }

    private static void copyBeyond96(long from, long to, int bytes) {
        for (int at = 96; at < bytes; at += 32) {
            copy32(from + at, to + at);
        }
    }

    private static void copyOther(long from, long to, int bytes) {
        if (bytes > 64) {
            copy32(from, to);
            copy32(from + 32, to + 32);
            if (bytes > 96) {
                copyLast32(from - 32, to - 32, bytes);
            }
            copyLast32(from, to, bytes);
        } else if (bytes >= 16) {
            copy16(from, to);
            copyLast16(from, to, bytes);
        } else {
            copy8(from, to);
            copyLast8(from, to, bytes);
        }
    }

    private static void copyLast32(long from, long to, long bytes) {
        copy32(from + bytes - 32, to + bytes - 32);
    }

    private static void copyLast16(long from, long to, long bytes) {
        copy16(from + bytes - 16, to + bytes - 16);
    }

    private static void copyLast8(long from, long to, long bytes) {
        copy8(from + bytes - 8, to + bytes - 8);
    }

    private static void copy16(long from, long to) {
        copy8(from, to);
        copy8(from + 8, to + 8);
    }

    /** Accesses to the fields of one structure share its bounds check: one for the loads, one for the stores. */
    private static void copy32(long from, long to) {
        if (WIDE) {
            Vectors.copy(from, to);
            return;
        }
        long first = (long) WORD_0.get(ALL, from);
        long second = (long) WORD_1.get(ALL, from);
        long third = (long) WORD_2.get(ALL, from);
        long fourth = (long) WORD_3.get(ALL, from);
        WORD_0.set(ALL, to, first);
        WORD_1.set(ALL, to, second);
        WORD_2.set(ALL, to, third);
        WORD_3.set(ALL, to, fourth);
    }

    private static void copy8(long from, long to) {
        ALL.set(Le.LONG_UNALIGNED, to, ALL.get(Le.LONG_UNALIGNED, from));
    }
}
