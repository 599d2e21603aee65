package dev.cipu.shim.replay;

import dev.cipu.shim.trace.Transaction;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;

/** The ranges of a discard, a write-zeroes or a secure erase, as far as they were recorded. {@code [virtio-1.4 §5.2.6]} */
public final class Ranges {
    private static final int SECTORS = 8;
    private static final int FLAGS = 12;

    private Ranges() {}

    public static int count(Transaction each) {
        return each.captured() / BlkRequest.SEGMENT_BYTES;
    }

    public static long sector(Transaction each, int index) {
        return each.bytes().get(Le.LONG_UNALIGNED, (long) index * BlkRequest.SEGMENT_BYTES);
    }

    public static long sectors(Transaction each, int index) {
        return Integer.toUnsignedLong(
                each.bytes().get(Le.INT_UNALIGNED, (long) index * BlkRequest.SEGMENT_BYTES + SECTORS));
    }

    public static int flags(Transaction each, int index) {
        return each.bytes().get(Le.INT_UNALIGNED, (long) index * BlkRequest.SEGMENT_BYTES + FLAGS);
    }
}
