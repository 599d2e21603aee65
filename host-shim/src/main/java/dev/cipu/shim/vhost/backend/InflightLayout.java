package dev.cipu.shim.vhost.backend;

/**
 * A queue's part of the inflight region, split rings. [vhost-user "Inflight I/O tracking"]
 *
 * <pre>
 * queue   0 features:64   8 version:16  10 descriptors:16  12 last batch head:16  14 used index:16  16 entry[descriptors]
 * entry   0 inflight:8    1 padding[5]   6 next:16          8 counter:64
 * </pre>
 *
 * Parts are aligned to 64 bytes, as in DPDK and libvhost-user, whose regions we may inherit.
 */
final class InflightLayout {
    static final long FEATURES = 0;
    static final long VERSION = 8;
    static final long DESCRIPTORS = 10;
    static final long LAST_BATCH_HEAD = 12;
    static final long USED_INDEX = 14;
    static final long ENTRIES = 16;

    static final long ENTRY_BYTES = 16;
    static final long ENTRY_INFLIGHT = 0;
    static final long ENTRY_NEXT = 6;
    static final long ENTRY_COUNTER = 8;

    static final int CURRENT_VERSION = 1;

    private static final long ALIGN = 64;

    private InflightLayout() {}

    /** From one queue's part to the next. */
    static long stride(int descriptors) {
        return (ENTRIES + ENTRY_BYTES * descriptors + ALIGN - 1) & -ALIGN;
    }

    static long entry(int head) {
        return ENTRIES + ENTRY_BYTES * head;
    }
}
