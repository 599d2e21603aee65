package dev.cipu.virtio.memory;

import java.lang.foreign.Arena;

/**
 * Work on memory by its address with vectors of 32 bytes. To be called only where {@link HostMemory#WIDE} is set: elsewhere the JVM
 * may not let this class be used, or makes an object for each vector.
 */
public final class Vectors {
    /** Bytes of a vector. */
    public static final int BYTES = Words.BYTES;

    /** Ones and then zeroes, a vector of each: the first bytes of a vector are what is set in one that is read from here on. */
    private static final long MASK = Arena.global()
            .allocate(2L * BYTES, BYTES)
            .asSlice(0, BYTES)
            .fill((byte) -1)
            .address();

    private Vectors() {}

    /** Copies one vector. */
    static void copy(long from, long to) {
        Words.load(from).store(to);
    }

    /**
     * The sum of all ints, not signed and little-endian; what is left at the end counts as an int that goes on with zeroes.
     *
     * @param bytes less than 2 GiB; up to {@link #BYTES} more are read
     */
    public static long sumOfInts(long from, long bytes) {
        // Words are added as they are, which loses carries, and their upper halves apart. The sum of the lower halves
        // is what remains
        // of the first without the second, and has lost nothing: it is less than 2^64
        Words all = Words.zero();
        Words upper = all;
        int whole = (int) (bytes & -BYTES);
        for (int at = 0; at < whole; at += BYTES) {
            Words words = Words.load(from + at);
            all = all.plus(words);
            upper = upper.plus(words.upperHalves());
        }
        return halves(all, upper, from + whole, bytes);
    }

    /**
     * Copies between ranges that do not overlap; the sum is {@link #sumOfInts(long, long)}.
     *
     * @param bytes at least {@link #BYTES}, less than 2 GiB; up to as many more are read, but not written
     */
    public static long copyAndSumInts(long from, long to, long bytes) {
        Words all = Words.zero();
        Words upper = all;
        int whole = (int) (bytes & -BYTES);
        for (int at = 0; at < whole; at += BYTES) {
            Words words = Words.load(from + at);
            words.store(to + at);
            all = all.plus(words);
            upper = upper.plus(words.upperHalves());
        }
        copy(from + bytes - BYTES, to + bytes - BYTES);
        return halves(all, upper, from + whole, bytes);
    }

    /** Adds the last {@code bytes % BYTES} bytes, and all of it up. */
    private static long halves(Words all, Words upper, long end, long bytes) {
        Words rest = Words.load(end).and(Words.load(MASK + BYTES - (bytes & BYTES - 1)));
        Words high = upper.plus(rest.upperHalves());
        Words low = all.plus(rest).minus(high.shiftedUp());
        return high.plus(low).total();
    }
}
