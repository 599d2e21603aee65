package dev.cipu.virtio.blk;

/**
 * The configuration space of a block device. {@code [virtio-1.4 §5.2.4]}
 *
 * <pre>
 *  0 capacity:64            8 size_max:32             12 seg_max:32         16 geometry (cylinders:16 heads:8 sectors:8)
 * 20 blk_size:32           24 physical_block_exp:8    25 alignment_offset:8 26 min_io_size:16   28 opt_io_size:32
 * 32 writeback:8           33 unused                  34 num_queues:16
 * 36 max_discard_sectors:32   40 max_discard_seg:32   44 discard_sector_alignment:32
 * 48 max_write_zeroes_sectors:32   52 max_write_zeroes_seg:32   56 write_zeroes_may_unmap:8   57 unused[3]
 * 60 max_secure_erase_sectors:32   64 max_secure_erase_seg:32   68 secure_erase_sector_alignment:32
 * 72 zone_sectors:32   76 max_open_zones:32   80 max_active_zones:32   84 max_append_sectors:32
 * 88 write_granularity:32   92 model:8   93 unused[3]
 * </pre>
 */
public final class BlkConfig {
    public static final int BYTES = 96;

    public static final int CAPACITY = 0;
    public static final int SIZE_MAX = 8;
    public static final int SEG_MAX = 12;
    public static final int CYLINDERS = 16;
    public static final int HEADS = 18;
    public static final int GEOMETRY_SECTORS = 19;
    public static final int BLK_SIZE = 20;
    public static final int PHYSICAL_BLOCK_EXP = 24;
    public static final int ALIGNMENT_OFFSET = 25;
    public static final int MIN_IO_SIZE = 26;
    public static final int OPT_IO_SIZE = 28;
    public static final int WRITEBACK = 32;
    public static final int NUM_QUEUES = 34;
    public static final int MAX_DISCARD_SECTORS = 36;
    public static final int MAX_DISCARD_SEG = 40;
    public static final int DISCARD_SECTOR_ALIGNMENT = 44;
    public static final int MAX_WRITE_ZEROES_SECTORS = 48;
    public static final int MAX_WRITE_ZEROES_SEG = 52;
    public static final int WRITE_ZEROES_MAY_UNMAP = 56;
    public static final int MAX_SECURE_ERASE_SECTORS = 60;
    public static final int MAX_SECURE_ERASE_SEG = 64;
    public static final int SECURE_ERASE_SECTOR_ALIGNMENT = 68;
    public static final int ZONE_SECTORS = 72;
    public static final int MAX_OPEN_ZONES = 76;
    public static final int MAX_ACTIVE_ZONES = 80;
    public static final int MAX_APPEND_SECTORS = 84;
    public static final int WRITE_GRANULARITY = 88;
    public static final int ZONED_MODEL = 92;

    private BlkConfig() {}
}
