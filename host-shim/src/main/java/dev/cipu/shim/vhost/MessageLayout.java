package dev.cipu.shim.vhost;

/**
 * Offsets of a message's header and, from the payload's first byte, of its payloads; native (little-endian) order.
 * [vhost-user "Message Specification"]
 *
 * <pre>
 * header        0 request:32   4 flags:32   8 size:32
 * ring state    0 index:32     4 num:32
 * ring address  0 index:32     4 flags:32   8 descriptor:64  16 used:64  24 available:64  32 log:64
 * ring file     0 index:8, bit 8 no descriptor, rest 0 (64 bits)
 * memory table  0 regions:32   4 padding:32  8 region[regions]
 * one region    0 padding:64   8 region
 *   region      0 guest address:64  8 size:64  16 user address:64  24 mmap offset:64
 * configuration 0 offset:32    4 size:32    8 flags:32      12 bytes[size]
 * inflight      0 mmap size:64 8 mmap offset:64  16 queues:16  18 queue size:16
 * translation   0 iova:64      8 size:64     16 user address:64  24 access:8  25 type:8  26 padding:48
 * log           0 size:64      8 offset:64
 * </pre>
 */
public final class MessageLayout {
    public static final int HEADER_BYTES = 12;
    public static final int REQUEST = 0;
    public static final int FLAGS = 4;
    public static final int SIZE = 8;

    public static final int VERSION_MASK = 3;
    public static final int VERSION = 1;
    public static final int REPLY = 1 << 2;
    public static final int NEED_REPLY = 1 << 3;

    /** No payload that we know is larger; a peer that announces more is not one to talk to. */
    public static final int MAX_PAYLOAD = 4096;

    public static final int U64_BYTES = 8;

    public static final int STATE_INDEX = 0;
    public static final int STATE_NUM = 4;
    public static final int STATE_BYTES = 8;

    public static final int ADDRESS_INDEX = 0;
    public static final int ADDRESS_FLAGS = 4;
    public static final int ADDRESS_DESCRIPTORS = 8;
    public static final int ADDRESS_USED = 16;
    public static final int ADDRESS_AVAIL = 24;
    public static final int ADDRESS_LOG = 32;
    public static final int ADDRESS_BYTES = 40;

    public static final long FILE_INDEX_MASK = 0xff;
    public static final long FILE_NONE = 1L << 8;

    public static final int TABLE_COUNT = 0;
    public static final int TABLE_REGIONS = 8;
    /** Of SET_MEM_TABLE. More regions come one by one. */
    public static final int TABLE_MAX_REGIONS = 8;

    public static final int SINGLE_REGION = 8;
    public static final int REGION_GUEST = 0;
    public static final int REGION_SIZE = 8;
    public static final int REGION_USER = 16;
    public static final int REGION_OFFSET = 24;
    public static final int REGION_BYTES = 32;

    public static final int CONFIG_OFFSET = 0;
    public static final int CONFIG_SIZE = 4;
    public static final int CONFIG_FLAGS = 8;
    public static final int CONFIG_DATA = 12;
    /** What the largest configuration space may have. */
    public static final int CONFIG_MAX = 256;

    public static final int INFLIGHT_SIZE = 0;
    public static final int INFLIGHT_OFFSET = 8;
    public static final int INFLIGHT_QUEUES = 16;
    public static final int INFLIGHT_QUEUE_SIZE = 18;
    /** Front-ends whose compiler pads the structure send 24. */
    public static final int INFLIGHT_BYTES = 20;

    public static final int IOTLB_ADDRESS = 0;
    public static final int IOTLB_SIZE = 8;
    public static final int IOTLB_USER = 16;
    public static final int IOTLB_ACCESS = 24;
    public static final int IOTLB_READ = 1;
    public static final int IOTLB_WRITE = 2;
    public static final int IOTLB_TYPE = 25;
    public static final int IOTLB_MISS = 1;
    public static final int IOTLB_UPDATE = 2;
    public static final int IOTLB_INVALIDATE = 3;
    public static final int IOTLB_ACCESS_FAIL = 4;
    public static final int IOTLB_BYTES = 32;

    public static final int ADDRESS_FLAG_LOG = 1;

    public static final int LOG_SIZE = 0;
    public static final int LOG_OFFSET = 8;
    public static final int LOG_BYTES = 16;

    private MessageLayout() {}
}
