package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Decides what a popped chain asks for, however its bytes are framed: the header is the first 16 readable bytes, the
 * status the last writable one. {@code [virtio-1.4 §5.2.6, §2.7.4]} Header and ranges are read once, into private
 * memory, and judged there. Owner: the worker that polls the queue.
 *
 * <p>Where the specification leaves it open: a transfer of no bytes succeeds if its sector is within the disk, data on a
 * flush is ignored, and a request of more than {@link BlockQueue#MAX_BYTES} fails.
 */
final class RequestParser {
    /** The task is ready for the store. */
    static final int SUBMIT = -1;

    /** There is no room for a status byte. */
    static final int NO_STATUS = -2;

    /** The driver wants the serial number. */
    static final int IDENTIFY = -3;

    /** Too short for a header. */
    static final int NO_HEADER = -4;

    private final BlkDevice device;
    private final long storeSectors;
    private final int blockMask;
    private final boolean readOnly;
    private final boolean ranges;
    private final MemorySegment scratch =
            Arena.ofAuto().allocate((long) BlkDevice.MAX_RANGES * BlkRequest.SEGMENT_BYTES, 8);

    RequestParser(BlkDevice device, BlockStore store) {
        this.device = device;
        storeSectors = store.sectors();
        blockMask = store.blockSize() - 1;
        readOnly = store.readOnly() || device.geometry().readOnly();
        ranges = store.canDiscard() && device.offered().has(BlkFeature.DISCARD);
    }

    /**
     * Fills the task from its chain.
     *
     * @return a status of {@link BlkRequest} that ends the request now, or one of the negative constants
     */
    int parse(BlockTask task) {
        Chain chain = task.chain();
        long writable = chain.writableBytes();
        if (writable == 0) {
            return NO_STATUS;
        }
        long readable = chain.readableBytes();
        if (readable < BlkRequest.HEADER_BYTES) {
            return NO_HEADER;
        }
        MemorySegment header = HostMemory.ALL;
        long at = chain.address(0);
        if (chain.length(0) < BlkRequest.HEADER_BYTES) {
            chain.read(0, scratch, 0, BlkRequest.HEADER_BYTES);
            header = scratch;
            at = 0;
        }
        int type = header.get(Le.INT_UNALIGNED, at);
        long sector = header.get(Le.LONG_UNALIGNED, at + 8);
        long payload = readable - BlkRequest.HEADER_BYTES;
        return switch (type) {
            case BlkRequest.IN -> transfer(task, BlockOp.READ, sector, writable - 1);
            case BlkRequest.OUT -> readOnly ? BlkRequest.IOERR : transfer(task, BlockOp.WRITE, sector, payload);
            case BlkRequest.FLUSH -> {
                task.flush();
                yield SUBMIT;
            }
            case BlkRequest.GET_ID -> IDENTIFY;
            case BlkRequest.DISCARD -> ranges(task, BlockOp.DISCARD, payload);
            case BlkRequest.WRITE_ZEROES -> ranges(task, BlockOp.WRITE_ZEROES, payload);
            default -> BlkRequest.UNSUPP;
        };
    }

    private int transfer(BlockTask task, BlockOp op, long sector, long bytes) {
        if (bytes > BlockQueue.MAX_BYTES || !inRange(sector, bytes)) {
            return BlkRequest.IOERR;
        }
        if (bytes == 0) {
            return BlkRequest.OK;
        }
        // [virtio-1.4 §5.2.6.2] with writeback off, data is persistent before the write completes
        task.transfer(op, sector * BlkRequest.SECTOR_BYTES, bytes, op == BlockOp.WRITE && !device.writeback());
        return SUBMIT;
    }

    /** Whether the bytes are whole blocks inside the disk; a sector number is unsigned. */
    private boolean inRange(long sector, long bytes) {
        long capacity = Math.min(device.capacity(), storeSectors);
        if (sector < 0 || sector > capacity || bytes > (capacity - sector) * BlkRequest.SECTOR_BYTES) {
            return false;
        }
        return ((sector * BlkRequest.SECTOR_BYTES | bytes) & blockMask) == 0;
    }

    private int ranges(BlockTask task, BlockOp op, long payload) {
        if (readOnly) {
            return BlkRequest.IOERR;
        }
        if (!ranges) {
            return BlkRequest.UNSUPP;
        }
        if (payload == 0 || payload % BlkRequest.SEGMENT_BYTES != 0 || payload > scratch.byteSize()) {
            return BlkRequest.IOERR;
        }
        task.chain().read(BlkRequest.HEADER_BYTES, scratch, 0, (int) payload);
        task.beginRanges(op, !device.writeback());
        for (long at = 0; at < payload; at += BlkRequest.SEGMENT_BYTES) {
            int status = range(task, op, at);
            if (status != BlkRequest.OK) {
                return status;
            }
        }
        return task.nextRange() ? SUBMIT : BlkRequest.OK;
    }

    private int range(BlockTask task, BlockOp op, long at) {
        long sector = scratch.get(Le.LONG_UNALIGNED, at);
        long sectors = scratch.get(Le.INT_UNALIGNED, at + 8) & 0xffffffffL;
        int flags = scratch.get(Le.INT_UNALIGNED, at + 12);
        // [virtio-1.4 §5.2.6.2] unknown flags MUST give UNSUPP, and so MUST unmap on a discard
        int known = op == BlockOp.WRITE_ZEROES ? BlkRequest.SEGMENT_UNMAP : 0;
        if ((flags & ~known) != 0) {
            return BlkRequest.UNSUPP;
        }
        if (sectors > BlkDevice.MAX_RANGE_SECTORS || !inRange(sector, sectors * BlkRequest.SECTOR_BYTES)) {
            return BlkRequest.IOERR;
        }
        if (sectors > 0) {
            task.addRange(
                    sector * BlkRequest.SECTOR_BYTES,
                    sectors * BlkRequest.SECTOR_BYTES,
                    (flags & BlkRequest.SEGMENT_UNMAP) != 0);
        }
        return BlkRequest.OK;
    }
}
