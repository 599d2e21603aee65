package dev.cipu.dataplane.blk;

import dev.cipu.dataplane.journal.Capture;
import dev.cipu.dataplane.journal.QueueJournal;
import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.ring.Chain;
import java.util.function.LongSupplier;

/**
 * Records the requests of one {@link BlockQueue}, each when it is answered and before the driver hears of it. Owner: the worker that
 * polls the queue.
 */
public final class BlockJournal {
    /** Bytes of the ranges of a request that has any; the most there can be. */
    private static final long RANGES = (long) BlkDevice.MAX_RANGES * BlkRequest.SEGMENT_BYTES;

    private final QueueJournal journal;
    private final Capture capture;
    private final LongSupplier nanoTime;
    private long now;

    /**
     * @param nanoTime the worker's clock
     */
    public BlockJournal(QueueJournal journal, Capture capture, LongSupplier nanoTime) {
        this.journal = journal;
        this.capture = capture;
        this.nanoTime = nanoTime;
    }

    /**
     * A request was popped.
     *
     * @param first whether it is the first one of a burst: the others are taken to be popped at the same time
     */
    void popped(BlockTask task, boolean first) {
        if (first) {
            now = nanoTime.getAsLong();
        }
        task.taken = now;
    }

    /**
     * Records a request whose answer is in its chain, the status included.
     *
     * @param status see {@link BlkRequest}, or {@link RecordLayout#NO_STATUS}
     * @param written what the driver will be told of bytes written
     */
    void answered(BlockTask task, int status, int written) {
        Chain chain = task.chain();
        long sent = Math.max(0, chain.readableBytes() - BlkRequest.HEADER_BYTES);
        boolean sends = BlkRequest.sendsData(task.type);
        long length = sends ? sent : Math.max(0, chain.writableBytes() - 1);
        int captured = sends && hasRanges(task.type)
                ? capture.ofDescription(Math.min(length, RANGES))
                : status == BlkRequest.OK || sends ? capture.ofData(length) : 0;
        long at = journal.begin(RecordLayout.BLOCK, status, task.taken, nanoTime.getAsLong(), captured);
        if (at == 0) {
            return;
        }
        QueueJournal.chain(
                at, chain.head(), chain.readableBytes(), chain.writableBytes(), Integer.toUnsignedLong(written));
        QueueJournal.content(at, task.sector, task.type, length);
        if (captured > 0) {
            copy(chain, sends, at + RecordLayout.HEADER_BYTES, captured);
        }
    }

    private static boolean hasRanges(int type) {
        return type == BlkRequest.DISCARD || type == BlkRequest.WRITE_ZEROES || type == BlkRequest.SECURE_ERASE;
    }

    private static void copy(Chain chain, boolean sends, long to, int bytes) {
        if (sends) {
            chain.read(BlkRequest.HEADER_BYTES, HostMemory.ALL, to, bytes);
        } else {
            chain.readBack(HostMemory.ALL, to, bytes);
        }
    }

    /** Shows what was recorded to whoever writes it down. */
    void release() {
        journal.release();
    }

    /** The queue stops. */
    void rest() {
        journal.rest();
    }
}
