package dev.cipu.device.pci;

import java.util.List;

/**
 * A base address register for memory: where the host puts a region of the function. {@code [PCI 3.0 §6.2.5.1]}
 *
 * @param index 0..5; a wide one takes the next one, too
 * @param bytes a power of two, 16 or more
 * @param wide 64 bits of address instead of 32
 * @param prefetchable reads have no side effects
 */
public record Bar(int index, long bytes, boolean wide, boolean prefetchable) {
    private static final List<RegionId> REGIONS =
            List.of(RegionId.BAR0, RegionId.BAR1, RegionId.BAR2, RegionId.BAR3, RegionId.BAR4, RegionId.BAR5);

    /** How many a function has. */
    public static final int COUNT = 6;

    private static final int SMALLEST = 16;
    private static final long LARGEST_NARROW = 1L << 31;

    public Bar {
        if (index < 0 || index + (wide ? 1 : 0) >= COUNT) {
            throw new IllegalArgumentException("BAR " + index);
        }
        if (Long.bitCount(bytes) != 1 || bytes < SMALLEST || (!wide && bytes > LARGEST_NARROW)) {
            throw new IllegalArgumentException("a BAR of " + bytes + " bytes");
        }
    }

    /** The smallest size of a BAR that has room for this much, whole pages. */
    public static long room(long bytes) {
        return Math.max(4096, Long.highestOneBit(bytes - 1) << 1);
    }

    /** What the function has there. */
    public RegionId region() {
        return region(index);
    }

    /** The region of BAR 0..5. */
    public static RegionId region(int index) {
        return REGIONS.get(index);
    }

    /** Defines the register, the first of six being at {@code first}: writing all ones tells the size. */
    void define(ConfigSpace config, int first) {
        int at = first + Integer.BYTES * index;
        long address = -bytes;
        int bits = (wide ? HeaderLayout.BAR_WIDE : 0) | (prefetchable ? HeaderLayout.BAR_PREFETCHABLE : 0);
        config.u32(at, bits);
        config.writable(at, wide ? Long.BYTES : Integer.BYTES, address);
    }
}
