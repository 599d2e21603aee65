package dev.cipu.virtio.blk;

/**
 * A block request. {@code [virtio-1.4 §5.2.6]}
 *
 * <pre>
 * readable: 0 type:32   4 reserved:32   8 sector:64   then data to write
 * writable: data to read, then status:8 as the very last byte
 * discard and write-zeroes segment (16 bytes): 0 sector:64   8 num_sectors:32   12 flags:32
 * </pre>
 */
public final class BlkRequest {
    public static final int HEADER_BYTES = 16;
    public static final int SECTOR_BYTES = 512;
    public static final int SEGMENT_BYTES = 16;
    public static final int SERIAL_BYTES = 20;

    public static final int IN = 0;
    public static final int OUT = 1;
    public static final int FLUSH = 4;
    public static final int GET_ID = 8;
    public static final int DISCARD = 11;
    public static final int WRITE_ZEROES = 13;

    public static final byte OK = 0;
    public static final byte IOERR = 1;
    public static final byte UNSUPP = 2;

    /** In a segment's flags: blocks may be given back. */
    public static final int SEGMENT_UNMAP = 1;

    private BlkRequest() {}
}
