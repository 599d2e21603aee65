package dev.cipu.shim.vhost.backend;

/**
 * A queue's part of the inflight region, packed rings. [vhost-user "Inflight I/O tracking"]
 *
 * <pre>
 * queue   0 features:64   8 version:16   10 descriptors:16   12 free head:16   14 old free head:16
 *        16 used index:16   18 old used index:16   20 used wrap counter:8   21 old used wrap counter:8   22 padding[7]
 *        32 entry[descriptors]
 * entry   0 inflight:8   1 padding   2 next:16   4 last:16   6 num:16   8 counter:64   16 id:16   18 flags:16
 *        20 len:32   24 addr:64
 * </pre>
 *
 * The last 16 bytes of an entry are a descriptor, its words in another order than in a ring.
 */
final class PackedInflightLayout {
    static final long VERSION = 8;
    static final long DESCRIPTORS = 10;
    static final long FREE_HEAD = 12;
    static final long OLD_FREE_HEAD = 14;

    /** Both positions and the padding behind them, eight bytes. */
    static final long POSITIONS = 16;

    static final long USED_INDEX = 16;
    static final long OLD_USED_INDEX = 18;
    static final long USED_WRAP = 20;
    static final long OLD_USED_WRAP = 21;
    static final long ENTRIES = 32;

    static final long ENTRY_BYTES = 32;
    static final long ENTRY_INFLIGHT = 0;
    static final long ENTRY_NEXT = 2;
    static final long ENTRY_LAST = 4;
    static final long ENTRY_NUM = 6;
    static final long ENTRY_COUNTER = 8;
    static final long ENTRY_ID = 16;
    static final long ENTRY_FLAGS = 18;
    static final long ENTRY_LENGTH = 20;
    static final long ENTRY_ADDRESS = 24;

    static final int CURRENT_VERSION = 1;

    private static final long ALIGN = 64;

    private PackedInflightLayout() {}

    /** From one queue's part to the next. */
    static long stride(int descriptors) {
        return (ENTRIES + ENTRY_BYTES * descriptors + ALIGN - 1) & -ALIGN;
    }

    static long entry(int index) {
        return ENTRIES + ENTRY_BYTES * index;
    }
}
