package dev.cipu.virtio.blk;

/**
 * Hints about what a disk is fast with. {@code [virtio-1.4 §5.2.4]}
 *
 * @param physicalBlockExp logical blocks of a physical one, as a power of two
 * @param alignmentOffset logical block that the first physical block begins with
 * @param minIoSize smallest good transfer, in logical blocks
 * @param optIoSize best transfer, in logical blocks, 0 for no advice
 */
public record BlkTopology(int physicalBlockExp, int alignmentOffset, int minIoSize, int optIoSize) {
    public BlkTopology {
        if (physicalBlockExp < 0
                || physicalBlockExp > 24
                || alignmentOffset < 0
                || alignmentOffset > 0xff
                || minIoSize < 0
                || minIoSize > 0xffff
                || optIoSize < 0) {
            throw new IllegalArgumentException(
                    "topology " + physicalBlockExp + ", " + alignmentOffset + ", " + minIoSize + ", " + optIoSize);
        }
    }

    /** Of a disk whose physical blocks are at least 4 KiB. */
    public static BlkTopology of(int blockSize) {
        int exponent = Math.max(0, 12 - Integer.numberOfTrailingZeros(blockSize));
        return new BlkTopology(exponent, 0, 1 << exponent, 0);
    }

    public BlkTopology withOptIoSize(int blocks) {
        return new BlkTopology(physicalBlockExp, alignmentOffset, minIoSize, blocks);
    }

    public BlkTopology withAlignmentOffset(int blocks) {
        return new BlkTopology(physicalBlockExp, blocks, minIoSize, optIoSize);
    }
}
