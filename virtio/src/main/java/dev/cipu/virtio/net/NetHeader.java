package dev.cipu.virtio.net;

/**
 * The header before every frame. {@code [virtio-1.4 §5.1.6]}
 *
 * <pre>
 *  0 flags:8   1 gso_type:8   2 hdr_len:16   4 gso_size:16   6 csum_start:16   8 csum_offset:16   10 num_buffers:16
 * 12 hash_value:32   16 hash_report:16   18 padding:16                              (only with HASH_REPORT)
 * </pre>
 *
 * The first 8 bytes travel as one little-endian long, the next 4 as one int.
 */
public final class NetHeader {
    public static final int BYTES = 12;

    /** Bytes of the header where hashes are reported. */
    public static final int HASH_BYTES = 20;

    /** The checksum has to be completed from csum_start on. */
    public static final int FLAG_NEEDS_CSUM = 1;

    /** The checksum was validated. */
    public static final int FLAG_DATA_VALID = 2;

    /** csum_start and csum_offset count segments and duplicated acknowledgements. */
    public static final int FLAG_RSC_INFO = 4;

    public static final int GSO_NONE = 0;
    public static final int GSO_TCPV4 = 1;
    public static final int GSO_UDP = 3;
    public static final int GSO_TCPV6 = 4;
    public static final int GSO_UDP_L4 = 5;

    /** In addition to a type. */
    public static final int GSO_ECN = 0x80;

    /** Of the header's first long, flags and gso_type: zero before a frame that nothing is to be done to. */
    public static final long ASKS = 0xffff;

    public static final long NUM_BUFFERS = 10;
    public static final long HASH_VALUE = 12;
    public static final long HASH_REPORT = 16;

    private NetHeader() {}

    /** flags of the first long. */
    public static int flags(long first) {
        return (int) first & 0xff;
    }

    /** gso_type of the first long. */
    public static int gsoType(long first) {
        return (int) (first >>> 8) & 0xff;
    }

    /** hdr_len of the first long: a hint. {@code [virtio-1.4 §5.1.6.2]} */
    public static int headerLength(long first) {
        return (int) (first >>> 16) & 0xffff;
    }

    /** gso_size of the first long. */
    public static int gsoSize(long first) {
        return (int) (first >>> 32) & 0xffff;
    }

    /** csum_start of the first long. */
    public static int csumStart(long first) {
        return (int) (first >>> 48) & 0xffff;
    }

    /** csum_offset of the last int. */
    public static int csumOffset(int last) {
        return last & 0xffff;
    }

    /** The first long of a header. */
    public static long first(int flags, int gsoType, int headerLength, int gsoSize, int csumStart) {
        return flags | (long) gsoType << 8 | (long) headerLength << 16 | (long) gsoSize << 32 | (long) csumStart << 48;
    }

    /** The first long of a header that asks for a checksum from {@code start} on. */
    public static long partialChecksum(int start) {
        return (long) start << 48 | FLAG_NEEDS_CSUM;
    }
}
