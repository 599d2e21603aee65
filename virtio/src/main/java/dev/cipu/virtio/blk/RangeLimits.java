package dev.cipu.virtio.blk;

/**
 * What a request on ranges of sectors may be: a discard, a write-zeroes, a secure erase. {@code [virtio-1.4 §5.2.4]}
 *
 * @param maxSectors of a range
 * @param maxSegments ranges of a request, 0 if there are no such requests
 * @param alignment sectors that ranges should begin and end on
 */
public record RangeLimits(int maxSectors, int maxSegments, int alignment) {
    public static final RangeLimits NONE = new RangeLimits(0, 0, 0);

    public RangeLimits {
        if (maxSectors < 0 || maxSegments < 0 || maxSegments > BlkDevice.MAX_RANGES || alignment < 0) {
            throw new IllegalArgumentException(
                    maxSegments + " ranges of " + maxSectors + " sectors, aligned to " + alignment);
        }
    }

    /** As many and as large ranges as we take at a time. */
    public static RangeLimits aligned(int alignment) {
        int whole = BlkDevice.MAX_RANGE_SECTORS - BlkDevice.MAX_RANGE_SECTORS % alignment;
        return new RangeLimits(Math.max(whole, alignment), BlkDevice.MAX_RANGES, alignment);
    }

    public boolean exist() {
        return maxSegments > 0;
    }
}
