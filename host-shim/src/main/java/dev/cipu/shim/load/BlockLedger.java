package dev.cipu.shim.load;

/**
 * What a verifying load knows of the device: for each block the generation last acknowledged, and whether a request is
 * under way. A block with a request under way gets no second one, so that its content is always determined. Owned by the
 * load's thread.
 */
final class BlockLedger {
    private final int[] acknowledged;
    private final long[] busy;

    BlockLedger(int blocks) {
        acknowledged = new int[blocks];
        busy = new long[(blocks + 63) >>> 6];
    }

    /** Reserves a block; false if a request for it is under way. */
    boolean take(int block) {
        long bit = 1L << block;
        if ((busy[block >>> 6] & bit) != 0) {
            return false;
        }
        busy[block >>> 6] |= bit;
        return true;
    }

    void release(int block) {
        busy[block >>> 6] &= ~(1L << block);
    }

    /** The generation that a write of the block carries now. */
    int next(int block) {
        return acknowledged[block] + 1;
    }

    /** The device acknowledged the write of {@link #next}. */
    void acknowledge(int block) {
        acknowledged[block]++;
    }

    /** The generation that the block must hold, 0 if this run never wrote it. */
    int generation(int block) {
        return acknowledged[block];
    }

    int blocks() {
        return acknowledged.length;
    }
}
