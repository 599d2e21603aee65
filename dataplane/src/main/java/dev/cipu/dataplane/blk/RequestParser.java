package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.RangeLimits;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

    /** Nothing that a read asks for was ever written: zeroes are in guest memory, {@link BlockTask#delivered} bytes. */
    static final int UNWRITTEN = -5;

    /** A zone is not ready for it: ask {@link ZoneRequests#proceed} later. */
    static final int WAIT = -6;

    /** The task is ready for the store, as a step of a longer request. */
    static final int STEP = -7;

    /** Data was appended; the driver has to be told where. */
    static final int APPENDED = -8;

    /** A report of zones is in guest memory, {@link BlockTask#delivered} bytes of it. */
    static final int REPORTED = -9;

    /** So is the lifetime. */
    static final int AGED = -10;

    private final BlkDevice device;
    private final Disk disk;
    private final @Nullable ZoneRequests zones;
    private final int blockMask;
    private final boolean readOnly;
    private final RangeLimits discards;
    private final RangeLimits zeroes;
    private final RangeLimits erases;
    private final MemorySegment scratch =
            Arena.ofAuto().allocate((long) BlkDevice.MAX_RANGES * BlkRequest.SEGMENT_BYTES, 8);

    /**
     * @param zones null if the disk has none
     */
    RequestParser(BlkDevice device, Disk disk, @Nullable ZoneRequests zones) {
        this.device = device;
        this.disk = disk;
        this.zones = zones;
        BlkTraits traits = device.traits();
        BlockStore store = disk.store();
        blockMask = store.blockSize() - 1;
        readOnly = store.readOnly() || traits.readOnly();
        discards = limits(BlkFeature.DISCARD, store.canDiscard(), traits.discard());
        zeroes = limits(BlkFeature.WRITE_ZEROES, store.canDiscard(), traits.writeZeroes());
        erases = limits(BlkFeature.SECURE_ERASE, true, traits.secureErase());
    }

    private RangeLimits limits(int feature, boolean can, RangeLimits limits) {
        return can && device.offered().has(feature) ? limits : RangeLimits.NONE;
    }

    /**
     * Fills the task from its chain.
     *
     * @return a status of {@link BlkRequest} that ends the request now, or one of the negative constants
     */
    int parse(BlockTask task) {
        Chain chain = task.chain();
        long writable = chain.writableBytes();
        if (zones != null) {
            zones.begin(task);
        }
        task.asked(BlockTask.NO_TYPE, 0);
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
        task.asked(type, sector);
        long payload = readable - BlkRequest.HEADER_BYTES;
        return switch (type) {
            case BlkRequest.IN -> transfer(task, BlockOp.READ, sector, writable - 1);
            case BlkRequest.OUT -> readOnly ? BlkRequest.IOERR : transfer(task, BlockOp.WRITE, sector, payload);
            case BlkRequest.FLUSH -> flush(task);
            case BlkRequest.GET_ID -> IDENTIFY;
            default -> rare(task, type, sector, payload);
        };
    }

    private int flush(BlockTask task) {
        if (zones != null) {
            return zones.flush(task);
        }
        task.flush();
        return SUBMIT;
    }

    private int rare(BlockTask task, int type, long sector, long payload) {
        return switch (type) {
            case BlkRequest.GET_LIFETIME -> lifetime(task);
            case BlkRequest.DISCARD -> ranges(task, BlockOp.DISCARD, discards, payload);
            case BlkRequest.WRITE_ZEROES -> ranges(task, BlockOp.WRITE_ZEROES, zeroes, payload);
            case BlkRequest.SECURE_ERASE -> ranges(task, BlockOp.SECURE_ERASE, erases, payload);
            case BlkRequest.ZONE_REPORT,
                    BlkRequest.ZONE_APPEND,
                    BlkRequest.ZONE_OPEN,
                    BlkRequest.ZONE_CLOSE,
                    BlkRequest.ZONE_FINISH,
                    BlkRequest.ZONE_RESET,
                    BlkRequest.ZONE_RESET_ALL -> zone(task, type, sector, payload);
            default -> BlkRequest.UNSUPP;
        };
    }

    /** [virtio-1.4 §5.2.6.2] a driver that did not negotiate ZONED MUST get UNSUPP. */
    private int zone(BlockTask task, int type, long sector, long payload) {
        if (zones == null || !device.isNegotiated(BlkFeature.ZONED)) {
            return BlkRequest.UNSUPP;
        }
        if (readOnly && type != BlkRequest.ZONE_REPORT) {
            return BlkRequest.IOERR;
        }
        return zones.command(task, type, sector, payload, !device.writeback());
    }

    private int lifetime(BlockTask task) {
        Wear wear = disk.wear();
        if (wear == null || !device.offered().has(BlkFeature.LIFETIME)) {
            return BlkRequest.UNSUPP;
        }
        int bytes = (int) Math.min(BlkRequest.LIFETIME_BYTES, task.chain().writableBytes() - 1);
        wear.describe(scratch);
        task.deliver(0, scratch, 0, bytes);
        task.replied(bytes);
        return AGED;
    }

    private int transfer(BlockTask task, BlockOp op, long sector, long bytes) {
        if (zones != null) {
            return zoned(task, op, sector, bytes);
        }
        if (bytes > BlockQueue.MAX_BYTES || !inRange(sector, bytes)) {
            return BlkRequest.IOERR;
        }
        if (bytes == 0) {
            return BlkRequest.OK;
        }
        submitTransfer(task, op, sector, bytes);
        return SUBMIT;
    }

    private void submitTransfer(BlockTask task, BlockOp op, long sector, long bytes) {
        task.transfer(op, sector * BlkRequest.SECTOR_BYTES, bytes, isDurable(op));
    }

    /** [virtio-1.4 §5.2.6.2] With writeback off, data is persistent before the write completes. */
    private boolean isDurable(BlockOp op) {
        return op == BlockOp.WRITE && !device.writeback();
    }

    private int zoned(BlockTask task, BlockOp op, long sector, long bytes) {
        ZoneRequests governed = Objects.requireNonNull(zones);
        if (bytes > BlockQueue.MAX_BYTES || !isInside(sector, bytes) || (bytes & BlkRequest.SECTOR_BYTES - 1) != 0) {
            return BlkRequest.IOERR;
        }
        boolean ordered = op == BlockOp.WRITE && governed.isOrdered(sector, bytes);
        if (!ordered && !isAligned(sector, bytes)) {
            return BlkRequest.IOERR;
        }
        if (bytes == 0) {
            return BlkRequest.OK;
        }
        if (!governed.concerns(sector, bytes)) {
            submitTransfer(task, op, sector, bytes);
            return SUBMIT;
        }
        return op == BlockOp.READ
                ? governed.read(task, sector, bytes)
                : governed.write(task, sector, bytes, isDurable(op));
    }

    /** Whether the bytes are whole blocks inside the disk. */
    private boolean inRange(long sector, long bytes) {
        return isInside(sector, bytes) && isAligned(sector, bytes);
    }

    /** A sector number is unsigned. */
    private boolean isInside(long sector, long bytes) {
        long capacity = Math.min(device.capacity(), disk.sectors());
        return sector >= 0 && sector <= capacity && bytes <= (capacity - sector) * BlkRequest.SECTOR_BYTES;
    }

    private boolean isAligned(long sector, long bytes) {
        return ((sector * BlkRequest.SECTOR_BYTES | bytes) & blockMask) == 0;
    }

    private int ranges(BlockTask task, BlockOp op, RangeLimits limits, long payload) {
        if (readOnly) {
            return BlkRequest.IOERR;
        }
        if (!limits.exist()) {
            return BlkRequest.UNSUPP;
        }
        if (payload == 0
                || payload % BlkRequest.SEGMENT_BYTES != 0
                || payload > (long) limits.maxSegments() * BlkRequest.SEGMENT_BYTES) {
            return BlkRequest.IOERR;
        }
        task.chain().read(BlkRequest.HEADER_BYTES, scratch, 0, (int) payload);
        task.beginRanges(op, !device.writeback());
        for (long at = 0; at < payload; at += BlkRequest.SEGMENT_BYTES) {
            int status = range(task, op, limits, at);
            if (status != BlkRequest.OK) {
                return status;
            }
        }
        if (op == BlockOp.SECURE_ERASE && zones != null && device.isNegotiated(BlkFeature.ZONED)) {
            return zones.secureErase(task);
        }
        return task.nextRange() ? SUBMIT : BlkRequest.OK;
    }

    private int range(BlockTask task, BlockOp op, RangeLimits limits, long at) {
        long sector = scratch.get(Le.LONG_UNALIGNED, at);
        long sectors = scratch.get(Le.INT_UNALIGNED, at + 8) & 0xffffffffL;
        int flags = scratch.get(Le.INT_UNALIGNED, at + 12);
        // [virtio-1.4 §5.2.6.2] unknown flags MUST give UNSUPP, and so MUST unmap on a discard
        int known = op == BlockOp.WRITE_ZEROES ? BlkRequest.SEGMENT_UNMAP : 0;
        if ((flags & ~known) != 0) {
            return BlkRequest.UNSUPP;
        }
        if (sectors > limits.maxSectors() || !inRange(sector, sectors * BlkRequest.SECTOR_BYTES)) {
            return BlkRequest.IOERR;
        }
        if (op == BlockOp.SECURE_ERASE && (sector % limits.alignment() | sectors % limits.alignment()) != 0) {
            // half a block that cannot be erased alone would be a false promise
            return device.isNegotiated(BlkFeature.ZONED) ? BlkRequest.ZONE_INVALID_CMD : BlkRequest.IOERR;
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
