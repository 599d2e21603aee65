package dev.cipu.virtio.blk;

/**
 * A block request. {@code [virtio-1.4 §5.2.6]}
 *
 * <pre>
 * readable: 0 type:32   4 reserved:32   8 sector:64   then data to write
 * writable: data to read, then status:8 as the very last byte
 * append:   the writable bytes are append_sector:64 and status
 * discard, write-zeroes and secure-erase segment (16 bytes): 0 sector:64   8 num_sectors:32   12 flags:32
 * lifetime (6 bytes): 0 pre_eol_info:16   2 device_lifetime_est_typ_a:16   4 device_lifetime_est_typ_b:16
 * </pre>
 */
public final class BlkRequest {
    public static final int HEADER_BYTES = 16;
    public static final int SECTOR_BYTES = 512;
    public static final int SEGMENT_BYTES = 16;
    public static final int SERIAL_BYTES = 20;
    public static final int LIFETIME_BYTES = 6;

    /** Of an append's reply, before the status. */
    public static final int APPEND_SECTOR_BYTES = 8;

    public static final int IN = 0;
    public static final int OUT = 1;
    public static final int FLUSH = 4;
    public static final int GET_ID = 8;
    public static final int GET_LIFETIME = 10;
    public static final int DISCARD = 11;
    public static final int WRITE_ZEROES = 13;
    public static final int SECURE_ERASE = 14;
    public static final int ZONE_APPEND = 15;
    public static final int ZONE_REPORT = 16;
    public static final int ZONE_OPEN = 18;
    public static final int ZONE_CLOSE = 20;
    public static final int ZONE_FINISH = 22;
    public static final int ZONE_RESET = 24;
    public static final int ZONE_RESET_ALL = 26;

    public static final byte OK = 0;
    public static final byte IOERR = 1;
    public static final byte UNSUPP = 2;
    public static final byte ZONE_INVALID_CMD = 3;

    /** A write to a sequential zone is not where the write pointer is. */
    public static final byte ZONE_UNALIGNED_WP = 4;

    public static final byte ZONE_OPEN_RESOURCE = 5;
    public static final byte ZONE_ACTIVE_RESOURCE = 6;

    /** In a segment's flags: blocks may be given back. */
    public static final int SEGMENT_UNMAP = 1;

    private BlkRequest() {}

    /** Whether the data of a request of this type goes from the driver to the device. */
    public static boolean sendsData(int type) {
        return switch (type) {
            case IN, GET_ID, GET_LIFETIME, ZONE_REPORT -> false;
            default -> true;
        };
    }
}
