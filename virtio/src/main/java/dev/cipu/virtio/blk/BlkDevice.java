package dev.cipu.virtio.blk;

import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import java.util.List;

/**
 * A block device as its driver sees it: features and configuration. {@code [virtio-1.4 §5.2]}
 *
 * <p>{@link #capacity}, {@link #writeback} and their setters may be used from any thread, the rest belongs to the
 * transport's control thread.
 */
public final class BlkDevice extends VirtioDevice {
    public static final int DEVICE_ID = 2;

    /**
     * What a disk looks like.
     *
     * @param sectors capacity in units of 512 bytes
     * @param blockSize bytes of a logical block, a power of two of at least 512
     * @param readOnly whether writes fail
     * @param queues request queues, 1..65535
     * @param serial up to 20 ASCII characters
     * @param discard whether blocks can be given back
     */
    public record Geometry(long sectors, int blockSize, boolean readOnly, int queues, String serial, boolean discard) {
        public Geometry {
            if (sectors <= 0) {
                throw new IllegalArgumentException("a disk has at least one sector");
            }
            if (blockSize < BlkRequest.SECTOR_BYTES || Integer.bitCount(blockSize) != 1) {
                throw new IllegalArgumentException("block size " + blockSize + " is not a power of two from 512 on");
            }
            if (queues < 1 || queues > 0xffff) {
                throw new IllegalArgumentException(queues + " request queues, not 1..65535");
            }
            if (serial.length() > BlkRequest.SERIAL_BYTES) {
                throw new IllegalArgumentException("serial number longer than 20 characters: " + serial);
            }
        }
    }

    /** Data segments of a request; with header and status a chain has two descriptors more. */
    public static final int SEG_MAX = 126;

    /** Bytes of a segment. With {@link #SEG_MAX} it bounds how long a worker copies for one request. */
    public static final int SIZE_MAX = 1 << 16;

    /** Sectors of a discard or write-zeroes segment. */
    public static final int MAX_RANGE_SECTORS = 1 << 22;

    /** Segments of a discard or write-zeroes request. */
    public static final int MAX_RANGES = 16;

    private static final FeatureSet BASE = FeatureSet.of(
            RingFeature.VERSION_1,
            RingFeature.INDIRECT_DESC,
            RingFeature.EVENT_IDX,
            RingFeature.RING_PACKED,
            BlkFeature.SIZE_MAX,
            BlkFeature.SEG_MAX,
            BlkFeature.BLK_SIZE,
            BlkFeature.FLUSH,
            BlkFeature.TOPOLOGY,
            BlkFeature.CONFIG_WCE);

    private final Geometry geometry;
    private volatile long sectors;
    private volatile boolean writeback = true;

    /** The driver's last word on the cache was 0; kept through resets, see {@link #featuresChanged}. */
    private boolean writeThroughChosen;

    public BlkDevice(Geometry geometry) {
        super(DEVICE_ID, features(geometry));
        this.geometry = geometry;
        this.sectors = geometry.sectors();
    }

    private static FeatureSet features(Geometry geometry) {
        FeatureSet set = BASE;
        if (geometry.queues() > 1) {
            set = set.with(BlkFeature.MQ);
        }
        if (geometry.readOnly()) {
            set = set.with(BlkFeature.RO);
        } else if (geometry.discard()) {
            set = set.with(BlkFeature.DISCARD).with(BlkFeature.WRITE_ZEROES);
        }
        return set;
    }

    public Geometry geometry() {
        return geometry;
    }

    /** Capacity in units of 512 bytes. */
    public long capacity() {
        return sectors;
    }

    /** A new capacity; the transport tells the driver. {@code [virtio-1.4 §5.2.6.1]} */
    public void capacity(long sectors) {
        this.sectors = sectors;
    }

    /**
     * Whether a completed write may still be in a volatile cache; the driver then sends FLUSH.
     * {@code [virtio-1.4 §5.2.5, §5.2.6.2]}
     */
    public boolean writeback() {
        return writeback;
    }

    @Override
    protected List<Feature> deviceFeatures() {
        return BlkFeatures.ALL;
    }

    @Override
    public int queueCount() {
        return geometry.queues();
    }

    @Override
    public int configSize() {
        return BlkConfig.BYTES;
    }

    @Override
    protected void featuresChanged() {
        // [virtio-1.4 §5.2.5.2] the cache mode starts as FLUSH says; without it the device writes through. A front-end
        // may repeat the features and not the choice that its guest still believes in, so a choice to write through
        // stays, which [virtio-1.4 §5.2.6.2] allows under any features: a write may be durable sooner than it has to.
        writeback = isNegotiated(BlkFeature.FLUSH) && !writeThroughChosen;
    }

    @Override
    protected boolean configWritable(int offset) {
        return offset == BlkConfig.WRITEBACK && isNegotiated(BlkFeature.CONFIG_WCE);
    }

    @Override
    protected void configByte(int offset, byte value) {
        writeback = value != 0;
        writeThroughChosen = value == 0;
    }

    @Override
    protected byte configByte(int offset) {
        if (offset < BlkConfig.SIZE_MAX) {
            return part(sectors, offset, BlkConfig.CAPACITY);
        }
        if (offset < BlkConfig.SEG_MAX) {
            return part(SIZE_MAX, offset, BlkConfig.SIZE_MAX);
        }
        if (offset < BlkConfig.SEG_MAX + 4) {
            return part(SEG_MAX, offset, BlkConfig.SEG_MAX);
        }
        if (offset >= BlkConfig.BLK_SIZE && offset < BlkConfig.PHYSICAL_BLOCK_EXP) {
            return part(geometry.blockSize(), offset, BlkConfig.BLK_SIZE);
        }
        if (offset >= BlkConfig.PHYSICAL_BLOCK_EXP && offset < BlkConfig.WRITEBACK) {
            return topology(offset);
        }
        if (offset == BlkConfig.WRITEBACK) {
            return (byte) (writeThroughChosen || (isNegotiated(BlkFeature.CONFIG_WCE) && !writeback) ? 0 : 1);
        }
        if (offset >= BlkConfig.NUM_QUEUES && offset < BlkConfig.NUM_QUEUES + 2) {
            return part(geometry.queues(), offset, BlkConfig.NUM_QUEUES);
        }
        return offset >= BlkConfig.MAX_DISCARD_SECTORS && offered().has(BlkFeature.DISCARD) ? ranges(offset) : 0;
    }

    /** A physical block is at least 4 KiB, in units of logical blocks. */
    private byte topology(int offset) {
        int exponent = Math.max(0, 12 - Integer.numberOfTrailingZeros(geometry.blockSize()));
        return switch (offset) {
            case BlkConfig.PHYSICAL_BLOCK_EXP -> (byte) exponent;
            case BlkConfig.MIN_IO_SIZE -> (byte) (1 << exponent);
            default -> 0;
        };
    }

    private byte ranges(int offset) {
        if (offset < BlkConfig.MAX_DISCARD_SEG) {
            return part(MAX_RANGE_SECTORS, offset, BlkConfig.MAX_DISCARD_SECTORS);
        }
        if (offset < BlkConfig.DISCARD_SECTOR_ALIGNMENT) {
            return part(MAX_RANGES, offset, BlkConfig.MAX_DISCARD_SEG);
        }
        if (offset < BlkConfig.MAX_WRITE_ZEROES_SECTORS) {
            return part(geometry.blockSize() / BlkRequest.SECTOR_BYTES, offset, BlkConfig.DISCARD_SECTOR_ALIGNMENT);
        }
        if (offset < BlkConfig.MAX_WRITE_ZEROES_SEG) {
            return part(MAX_RANGE_SECTORS, offset, BlkConfig.MAX_WRITE_ZEROES_SECTORS);
        }
        if (offset < BlkConfig.WRITE_ZEROES_MAY_UNMAP) {
            return part(MAX_RANGES, offset, BlkConfig.MAX_WRITE_ZEROES_SEG);
        }
        return (byte) (offset == BlkConfig.WRITE_ZEROES_MAY_UNMAP ? 1 : 0);
    }

    private static byte part(long value, int offset, int field) {
        return (byte) (value >>> (8 * (offset - field)));
    }
}
