package dev.cipu.virtio.blk;

import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.VirtioDevice;
import java.util.List;

/**
 * A block device as its driver sees it: features and configuration. {@code [virtio-1.4 §5.2]}
 *
 * <p>{@link #capacity}, {@link #writeback}, {@link #zeroesMayUnmap} and their setters may be used from any thread, the
 * rest belongs to the transport's control thread.
 */
public final class BlkDevice extends VirtioDevice {
    public static final int DEVICE_ID = 2;

    /** Data segments of a request; with header and status a chain has two descriptors more. */
    public static final int SEG_MAX = 126;

    /** Bytes of a segment. With {@link #SEG_MAX} it bounds how long a worker copies for one request. */
    public static final int SIZE_MAX = 1 << 16;

    /** Sectors of a segment of a discard, a write-zeroes or, unless zones are larger, a secure erase. */
    public static final int MAX_RANGE_SECTORS = 1 << 22;

    /** Segments of such a request. */
    public static final int MAX_RANGES = 16;

    private static final FeatureSet BASE = RING_FEATURES.or(FeatureSet.of(
            BlkFeature.SIZE_MAX,
            BlkFeature.SEG_MAX,
            BlkFeature.GEOMETRY,
            BlkFeature.BLK_SIZE,
            BlkFeature.FLUSH,
            BlkFeature.TOPOLOGY,
            BlkFeature.CONFIG_WCE));

    /** Heads and sectors of a cylinder; what else should they be on a disk that has none. */
    private static final int HEADS = 16;

    private static final int TRACK_SECTORS = 63;
    private static final int MOST_CYLINDERS = 0xffff;

    private final BlkTraits traits;
    private volatile long sectors;
    private volatile boolean writeback = true;
    private volatile boolean zeroesMayUnmap = true;

    /** The driver's last word on the cache was 0; kept through resets, see {@link #featuresChanged}. */
    private boolean writeThroughChosen;

    public BlkDevice(BlkTraits traits) {
        super(DEVICE_ID, features(traits));
        this.traits = traits;
        this.sectors = traits.sectors();
    }

    private static FeatureSet features(BlkTraits traits) {
        FeatureSet set = BASE;
        if (traits.queues() > 1) {
            set = set.with(BlkFeature.MQ);
        }
        if (!traits.readOnly()) {
            set = withIf(set, traits.discard().exist(), BlkFeature.DISCARD);
            set = withIf(set, traits.writeZeroes().exist(), BlkFeature.WRITE_ZEROES);
            set = withIf(set, traits.secureErase().exist(), BlkFeature.SECURE_ERASE);
        }
        set = withIf(set, traits.lifetime(), BlkFeature.LIFETIME);
        set = withIf(set, traits.zones().isZoned(), BlkFeature.ZONED);
        return withIf(set, traits.readOnly(), BlkFeature.RO);
    }

    /** That a disk cannot be written, and that it has zones to be written in order, no driver may miss. */
    @Override
    protected FeatureSet indispensable() {
        FeatureSet set = withIf(FeatureSet.NONE, traits.readOnly(), BlkFeature.RO);
        return withIf(set, traits.zones().isHostManaged(), BlkFeature.ZONED);
    }

    private static FeatureSet withIf(FeatureSet set, boolean condition, int bit) {
        return condition ? set.with(bit) : set;
    }

    public BlkTraits traits() {
        return traits;
    }

    /** Capacity in units of 512 bytes. */
    public long capacity() {
        return sectors;
    }

    /** A new capacity; the transport tells the driver. {@code [virtio-1.4 §5.2.6.2]} */
    public void capacity(long sectors) {
        this.sectors = sectors;
    }

    /** Whether a write-zeroes can give blocks back. */
    public boolean zeroesMayUnmap() {
        return zeroesMayUnmap;
    }

    /** Whether a write-zeroes can give blocks back from now on; the transport tells the driver. {@code [virtio-1.4 §5.2.6.2]} */
    public void zeroesMayUnmap(boolean can) {
        zeroesMayUnmap = can;
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
        return offered().has(BlkFeature.MQ) ? traits.queues() : 1;
    }

    @Override
    public int configSize() {
        return BlkConfig.BYTES;
    }

    @Override
    protected boolean accepts(FeatureSet wanted) {
        // [virtio-1.4 §5.2.5.2] without ZONED, FEATURES_OK stays clear
        return !traits.zones().isHostManaged() || wanted.has(BlkFeature.ZONED);
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
        if (offset < BlkConfig.CYLINDERS) {
            return limit(offset);
        }
        if (offset < BlkConfig.BLK_SIZE) {
            return geometry(offset);
        }
        if (offset < BlkConfig.WRITEBACK) {
            return topology(offset);
        }
        if (offset < BlkConfig.MAX_DISCARD_SECTORS) {
            return cacheAndQueues(offset);
        }
        return offset < BlkConfig.ZONE_SECTORS ? ranges(offset) : zones(offset);
    }

    /** A field of a feature that is not offered is 0. */
    private byte field(int feature, long value, int offset, int field) {
        return offered().has(feature) ? part(value, offset, field) : 0;
    }

    private byte limit(int offset) {
        return offset < BlkConfig.SEG_MAX
                ? field(BlkFeature.SIZE_MAX, SIZE_MAX, offset, BlkConfig.SIZE_MAX)
                : field(BlkFeature.SEG_MAX, SEG_MAX, offset, BlkConfig.SEG_MAX);
    }

    private byte geometry(int offset) {
        long cylinders = Math.clamp(sectors / (HEADS * TRACK_SECTORS), 1, MOST_CYLINDERS);
        return field(BlkFeature.GEOMETRY, cylinders | HEADS << 16 | TRACK_SECTORS << 24, offset, BlkConfig.CYLINDERS);
    }

    private byte topology(int offset) {
        BlkTopology hints = traits.topology();
        if (offset < BlkConfig.PHYSICAL_BLOCK_EXP) {
            return field(BlkFeature.BLK_SIZE, traits.blockSize(), offset, BlkConfig.BLK_SIZE);
        }
        if (offset < BlkConfig.OPT_IO_SIZE) {
            int word = hints.physicalBlockExp() | hints.alignmentOffset() << 8 | hints.minIoSize() << 16;
            return field(BlkFeature.TOPOLOGY, word, offset, BlkConfig.PHYSICAL_BLOCK_EXP);
        }
        return field(BlkFeature.TOPOLOGY, hints.optIoSize(), offset, BlkConfig.OPT_IO_SIZE);
    }

    private byte cacheAndQueues(int offset) {
        if (offset == BlkConfig.WRITEBACK) {
            return (byte) (writeThroughChosen || (isNegotiated(BlkFeature.CONFIG_WCE) && !writeback) ? 0 : 1);
        }
        return offset < BlkConfig.NUM_QUEUES ? 0 : part(queueCount(), offset, BlkConfig.NUM_QUEUES);
    }

    private byte ranges(int offset) {
        if (offset < BlkConfig.MAX_WRITE_ZEROES_SECTORS) {
            return range(BlkFeature.DISCARD, traits.discard(), offset, BlkConfig.MAX_DISCARD_SECTORS);
        }
        if (offset < BlkConfig.WRITE_ZEROES_MAY_UNMAP) {
            return range(BlkFeature.WRITE_ZEROES, traits.writeZeroes(), offset, BlkConfig.MAX_WRITE_ZEROES_SECTORS);
        }
        if (offset < BlkConfig.MAX_SECURE_ERASE_SECTORS) {
            int word = zeroesMayUnmap ? 1 : 0;
            return field(BlkFeature.WRITE_ZEROES, word, offset, BlkConfig.WRITE_ZEROES_MAY_UNMAP);
        }
        return range(BlkFeature.SECURE_ERASE, traits.secureErase(), offset, BlkConfig.MAX_SECURE_ERASE_SECTORS);
    }

    /** Three words of 32 bits each: sectors, segments, alignment. */
    private byte range(int feature, RangeLimits limits, int offset, int field) {
        int value = switch ((offset - field) >> 2) {
            case 0 -> limits.maxSectors();
            case 1 -> limits.maxSegments();
            default -> limits.alignment();
        };
        return field(feature, value, offset, offset & -4);
    }

    private byte zones(int offset) {
        ZoneTraits zones = traits.zones();
        // [virtio-1.4 §5.2.5.2] zero for a driver that did without; before it has chosen, it may look
        if (!offered().has(BlkFeature.ZONED)
                || (!negotiated().isEmpty() && !isNegotiated(BlkFeature.ZONED))
                || offset > BlkConfig.ZONED_MODEL) {
            return 0;
        }
        int value = switch (offset & -4) {
            case BlkConfig.ZONE_SECTORS -> zones.zoneSectors();
            case BlkConfig.MAX_OPEN_ZONES -> zones.maxOpen();
            case BlkConfig.MAX_ACTIVE_ZONES -> zones.maxActive();
            case BlkConfig.MAX_APPEND_SECTORS -> zones.maxAppendSectors();
            case BlkConfig.WRITE_GRANULARITY -> zones.writeGranularity();
            default -> zones.model();
        };
        return part(value, offset, offset & -4);
    }

    private static byte part(long value, int offset, int field) {
        return (byte) (value >>> (8 * (offset - field)));
    }
}
