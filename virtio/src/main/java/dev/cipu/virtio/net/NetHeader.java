package dev.cipu.virtio.net;

/**
 * The header before every frame. {@code [virtio-1.4 §5.1.6]}
 *
 * <pre>
 * 0 flags:8   1 gso_type:8   2 hdr_len:16   4 gso_size:16   6 csum_start:16   8 csum_offset:16   10 num_buffers:16
 * </pre>
 *
 * The first 8 bytes travel as one little-endian long, the last 4 as one int.
 */
public final class NetHeader {
    public static final int BYTES = 12;

    public static final int FLAG_NEEDS_CSUM = 1;

    public static final int GSO_NONE = 0;

    public static final long NUM_BUFFERS = 10;

    private NetHeader() {}

    /** flags of the first long. */
    public static int flags(long first) {
        return (int) first & 0xff;
    }

    /** gso_type of the first long. */
    public static int gsoType(long first) {
        return (int) (first >>> 8) & 0xff;
    }

    /** csum_start of the first long. */
    public static int csumStart(long first) {
        return (int) (first >>> 48) & 0xffff;
    }

    /** csum_offset of the last int. */
    public static int csumOffset(int last) {
        return last & 0xffff;
    }

    /** The first long of a header that asks for a checksum from {@code start} on. */
    public static long partialChecksum(int start) {
        return (long) start << 48 | FLAG_NEEDS_CSUM;
    }
}
