package dev.cipu.dataplane.blk;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How worn a disk is, told as eMMC tells it: the bytes written against those that its cells were rated for. A model of
 * flash that wears evenly; whatever really holds the data is not asked. Any number of workers.
 */
public final class Wear {
    private static final int STEPS = 10;
    private static final int EXCEEDED = 11;
    private static final int NORMAL = 1;
    private static final int WARNING = 2;
    private static final int URGENT = 3;

    private final long ratedBytes;
    private final AtomicLong written;

    /**
     * @param ratedBytes that the cells bear, positive
     * @param writtenBytes before now
     */
    public Wear(long ratedBytes, long writtenBytes) {
        if (ratedBytes <= 0 || writtenBytes < 0) {
            throw new IllegalArgumentException(writtenBytes + " bytes written of " + ratedBytes);
        }
        this.ratedBytes = ratedBytes;
        written = new AtomicLong(writtenBytes);
    }

    void add(long bytes) {
        written.addAndGet(bytes);
    }

    /** Tenths of the life that have begun: 1..10, or 11 when it is over. {@code [virtio-1.4 §5.2.6]} */
    public int tenths() {
        double used = (double) written.get() / ratedBytes;
        return used > 1 ? EXCEEDED : Math.clamp((long) Math.ceil(used * STEPS), 1, STEPS);
    }

    /** Spare blocks go as the life does: 1 normal, 2 from 80 percent on, 3 from 90. {@code [virtio-1.4 §5.2.6]} */
    public int endOfLife() {
        double used = (double) written.get() / ratedBytes;
        return used >= 0.9 ? URGENT : used >= 0.8 ? WARNING : NORMAL;
    }

    /** Fills in the reply to a lifetime request, 6 bytes. Its cells are MLC: there is nothing to say of SLC. */
    void describe(MemorySegment reply) {
        reply.set(Le.SHORT_UNALIGNED, 0, (short) endOfLife());
        reply.set(Le.SHORT_UNALIGNED, 2, (short) 0);
        reply.set(Le.SHORT_UNALIGNED, 4, (short) tenths());
    }
}
