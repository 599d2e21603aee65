package dev.cipu.shim.vfio;

/**
 * Offsets of a message's header and, from the payload's first byte, of its payloads; the machine's order. {@code [vfio-user
 * "Protocol Specification"]}
 *
 * <pre>
 * header        0 id:16        2 command:16   4 message size:32   8 flags:32   12 error:32
 * version       0 major:16     2 minor:16     4 JSON, NUL
 * DMA map       0 argsz:32     4 flags:32     8 offset:64        16 address:64  24 size:64
 * DMA unmap     0 argsz:32     4 flags:32     8 address:64       16 size:64
 * device        0 argsz:32     4 flags:32     8 regions:32       12 interrupts:32
 * region        0 argsz:32     4 flags:32     8 index:32         12 capabilities:32  16 size:64  24 offset:64
 *   sparse     32 id:16       34 version:16  36 next:32          40 areas:32   48 (offset:64 size:64)[areas]
 * I/O events    0 argsz:32     4 flags:32     8 index:32         12 count:32   16 event[count]
 *   event       0 offset:64    8 size:64     16 fd index:32      20 type:32    24 flags:32   32 value:64
 * interrupts    0 argsz:32     4 flags:32     8 index:32         12 count:32
 * set           0 argsz:32     4 flags:32     8 index:32         12 start:32   16 count:32   20 bool:8[count]
 * access        0 offset:64    8 region:32   12 count:32         16 bytes[count]
 * memory        0 address:64   8 count:64      16 bytes[count]
 * writes        0 count:64     8 write[count]
 *   write       0 offset:64    8 region:32   12 count:32         16 bytes[8]
 * feature       0 argsz:32     4 flags:32     8 data
 *   logging     8 page:64     16 ranges:32   24 (address:64 length:64)[ranges]
 *   report      8 address:64  16 length:64   24 page:64          32 bits:64[]
 * </pre>
 */
public final class VfioLayout {
    public static final int HEADER_BYTES = 16;
    public static final int ID = 0;
    public static final int COMMAND = 2;
    public static final int SIZE = 4;
    public static final int FLAGS = 8;
    public static final int ERROR = 12;

    public static final int TYPE_MASK = 0xf;
    public static final int TYPE_COMMAND = 0;
    public static final int TYPE_REPLY = 1;
    public static final int NO_REPLY = 1 << 4;
    public static final int FAILED = 1 << 5;

    /** Data of one transfer: what holds where nobody names a limit. */
    public static final int MAX_DATA = 1 << 20;

    /** Descriptors that one message may bring. Clients are known to give up on servers that take more. */
    public static final int MAX_DESCRIPTORS = 16;

    public static final int MAJOR = 0;
    public static final int MINOR = 2;
    public static final int VERSION_JSON = 4;
    /** The version that is spoken here. */
    public static final int MAJOR_SPOKEN = 0;

    public static final int MINOR_SPOKEN = 1;

    public static final int ARGSZ = 0;
    /** Of everything that begins with argsz. */
    public static final int ARG_FLAGS = 4;
    /** Of a region or a kind of interrupts. */
    public static final int INDEX = 8;

    public static final int MAP_OFFSET = 8;
    public static final int MAP_ADDRESS = 16;
    public static final int MAP_SIZE = 24;
    public static final int MAP_BYTES = 32;
    public static final int MAP_READABLE = 1;
    public static final int MAP_WRITABLE = 2;
    public static final int MAP_BY_MAPPING = 4;
    public static final int MAP_BY_FILE = 8;

    public static final int UNMAP_ADDRESS = 8;
    public static final int UNMAP_SIZE = 16;
    public static final int UNMAP_BYTES = 24;
    /** The kernel's flag: everything, address and size being 0. QEMU sends it. */
    public static final int UNMAP_ALL = 2;

    public static final int DEVICE_REGIONS = 8;
    public static final int DEVICE_INTERRUPTS = 12;
    public static final int DEVICE_BYTES = 16;
    public static final int DEVICE_RESETS = 1;
    public static final int DEVICE_IS_PCI = 2;

    /** The number of configuration space; BARs have the numbers of their registers. */
    public static final int REGION_CONFIG = 7;

    public static final int REGION_CAPABILITIES = 12;
    public static final int REGION_SIZE = 16;
    public static final int REGION_OFFSET = 24;
    public static final int REGION_BYTES = 32;
    public static final int REGION_READABLE = 1;
    public static final int REGION_WRITABLE = 2;
    public static final int REGION_MAPPABLE = 4;
    public static final int REGION_HAS_CAPABILITIES = 8;

    public static final int SPARSE_ID = 32;
    public static final int SPARSE_VERSION = 34;
    public static final int SPARSE_AREAS = 40;
    public static final int SPARSE_FIRST = 48;
    public static final int AREA_BYTES = 16;
    public static final int SPARSE_MMAP = 1;

    public static final int EVENTS_COUNT = 12;
    public static final int EVENTS_FIRST = 16;
    public static final int EVENT_OFFSET = 0;
    public static final int EVENT_SIZE = 8;
    public static final int EVENT_FD = 16;
    public static final int EVENT_TYPE = 20;
    public static final int EVENT_BYTES = 40;
    public static final int TYPE_IOEVENTFD = 0;

    /** Kinds of interrupts. */
    public static final int IRQ_PIN = 0;

    public static final int IRQ_MSIX = 2;

    public static final int IRQ_COUNT = 12;
    public static final int IRQ_BYTES = 16;
    public static final int IRQ_EVENTFD = 1;
    public static final int IRQ_MASKABLE = 2;
    public static final int IRQ_AUTOMASKED = 4;
    public static final int IRQ_NORESIZE = 8;

    public static final int SET_START = 12;
    public static final int SET_COUNT = 16;
    public static final int SET_DATA = 20;
    public static final int SET_NONE = 1;
    public static final int SET_BOOL = 2;
    public static final int SET_EVENTFD = 4;
    public static final int SET_MASK = 8;
    public static final int SET_UNMASK = 16;
    public static final int SET_TRIGGER = 32;

    public static final int ACCESS_OFFSET = 0;
    public static final int ACCESS_REGION = 8;
    public static final int ACCESS_COUNT = 12;
    public static final int ACCESS_DATA = 16;

    public static final int DMA_ADDRESS = 0;
    public static final int DMA_COUNT = 8;
    public static final int DMA_DATA = 16;

    public static final int WRITES_FIRST = 8;
    public static final int WRITE_BYTES = 24;
    /** What a write among many may have. */
    public static final int WRITE_MOST = 8;

    public static final int FEATURE_DATA = 8;
    public static final int FEATURE_MASK = 0xffff;
    public static final int FEATURE_GET = 1 << 16;
    public static final int FEATURE_SET = 1 << 17;
    public static final int FEATURE_PROBE = 1 << 18;
    public static final int LOGGING_START = 6;
    public static final int LOGGING_STOP = 7;
    public static final int LOGGING_REPORT = 8;

    public static final int LOGGING_PAGE = 8;
    public static final int LOGGING_RANGES = 16;
    public static final int LOGGING_FIRST = 24;
    public static final int RANGE_BYTES = 16;

    public static final int REPORT_ADDRESS = 8;
    public static final int REPORT_LENGTH = 16;
    public static final int REPORT_PAGE = 24;
    public static final int REPORT_BITS = 32;

    private VfioLayout() {}
}
