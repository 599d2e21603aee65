package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.memory.Vectors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The Internet checksum over the card's own copies of frames, given by their addresses. {@code [RFC 1071]} */
final class Checksum {
    private static final long LOW = 0xffffffffL;

    /** Bytes from which a loop is long. */
    static final int LONG = 128;

    private Checksum() {}

    /**
     * Completes a checksum that a driver left to the device: sums the bytes from {@code start} to the frame's end, the
     * pseudo header's sum being in the field already, and writes the result to {@code start + offset}.
     */
    static void complete(long frame, int bytes, int start, int offset) {
        int sum = sum(frame + start, bytes - start);
        // an all-zero result would mean "no checksum" to UDP; both forms of zero are equal to the others
        Be.u16(frame + start + offset, sum == 0xffff ? 0xffff : ~sum);
    }

    /** The folded one's complement sum of {@code bytes} bytes: 0 only of zeroes. Up to {@link Vectors#BYTES} more are read. */
    static int sum(long from, int bytes) {
        return swapped(sumAsRead(from, bytes));
    }

    /** The same before it is {@link #swapped}: at most 46 bits. */
    static long sumAsRead(long from, int bytes) {
        if (HostMemory.WIDE && bytes >= LONG) {
            return Vectors.sumOfInts(from, bytes);
        }
        int words = bytes & -8;
        return (words < LONG ? few(from, words) : many(from, words)) + tail(from + words, bytes & 7);
    }

    /** Copies {@code bytes} bytes, at least {@link #LONG}, to where they do not overlap; returns {@link #sumAsRead}. */
    static long copyAndSum(long from, long to, int bytes) {
        if (!HostMemory.WIDE) {
            MemorySegment.copy(HostMemory.ALL, from, HostMemory.ALL, to, bytes);
            return sumAsRead(from, bytes);
        }
        return Vectors.copyAndSumInts(from, to, bytes);
    }

    private static long few(long from, int bytes) {
        long sum = 0;
        for (int i = 0; i < bytes; i += 8) {
            long word = HostMemory.ALL.get(Le.LONG_UNALIGNED, from + i);
            sum += (word & LOW) + (word >>> 32);
        }
        return sum;
    }

    /**
     * By itself, so that the compiler sees nothing but long loops here, which it unrolls and vectorizes. It counts addresses: an
     * {@code int} added to one is vectorized in some callers and not in others.
     */
    private static long many(long from, int bytes) {
        // the upper and lower halves apart leave room for carries: those of 64 KiB, 45 bits
        long even = 0;
        long odd = 0;
        long end = from + bytes;
        for (long at = from; at < end; at += 8) {
            long word = HostMemory.ALL.get(Le.LONG_UNALIGNED, at);
            even += word & LOW;
            odd += word >>> 32;
        }
        return even + odd;
    }

    private static long tail(long from, int bytes) {
        long at = from;
        long sum = 0;
        if ((bytes & 4) != 0) {
            sum += HostMemory.ALL.get(Le.INT_UNALIGNED, at) & LOW;
            at += 4;
        }
        if ((bytes & 2) != 0) {
            sum += HostMemory.ALL.get(Le.SHORT_UNALIGNED, at) & 0xffff;
            at += 2;
        }
        if ((bytes & 1) != 0) {
            sum += HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at) & 0xff;
        }
        return sum;
    }

    /**
     * A sum in 16 bits in the network's order, of one of words as they were read, or the other way round: a sum of swapped bytes is
     * the swapped sum.
     */
    static int swapped(long sum) {
        return Short.toUnsignedInt(Short.reverseBytes((short) fold(sum)));
    }

    /** A sum of many, in 16 bits. */
    static int fold(long sum) {
        // the halves added in the upper one, with what the lower one carries
        return fold((int) ((sum + Long.rotateLeft(sum, 32)) >>> 32));
    }

    /** A sum, not signed, in 16 bits. */
    static int fold(int sum) {
        return (sum + Integer.rotateLeft(sum, 16)) >>> 16;
    }
}
