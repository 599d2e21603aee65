package dev.cipu.shim.demo;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;

/**
 * Content that tells where it belongs: words derived from two numbers, so that a byte from anywhere else shows.
 *
 * <p>Word i of a range is {@code seed + i * step} for a seed that both numbers go into; bytes behind the last whole word
 * are left alone.
 */
final class Tag {
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private Tag() {}

    static void fill(MemorySegment memory, long offset, int bytes, long id, long generation) {
        long word = seed(id, generation);
        for (int i = 0; i + Long.BYTES <= bytes; i += Long.BYTES) {
            memory.set(Le.LONG_UNALIGNED, offset + i, word);
            word += STEP;
        }
    }

    static boolean matches(MemorySegment memory, long offset, int bytes, long id, long generation) {
        long word = seed(id, generation);
        long difference = 0;
        for (int i = 0; i + Long.BYTES <= bytes; i += Long.BYTES) {
            difference |= memory.get(Le.LONG_UNALIGNED, offset + i) ^ word;
            word += STEP;
        }
        return difference == 0;
    }

    static boolean isZero(MemorySegment memory, long offset, int bytes) {
        long any = 0;
        for (int i = 0; i + Long.BYTES <= bytes; i += Long.BYTES) {
            any |= memory.get(Le.LONG_UNALIGNED, offset + i);
        }
        return any == 0;
    }

    private static long seed(long id, long generation) {
        return mix(id + mix(generation));
    }

    /** Spreads every bit of the input over all bits of the result; the finalizer of MurmurHash3. */
    static long mix(long value) {
        long z = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
        z = (z ^ z >>> 33) * 0xc4ceb9fe1a85ec53L;
        return z ^ z >>> 33;
    }
}
