package dev.cipu.virtio.ring;

/**
 * The three parts of a split virtqueue. {@code [virtio-1.4 §2.7]}
 *
 * <pre>
 * descriptor (16 bytes, aligned to 16)   0 addr:64   8 len:32   12 flags:16   14 next:16
 * available  (aligned to 2)              0 flags:16  2 idx:16   4 ring[size]:16   4+2*size used_event:16
 * used       (aligned to 4)              0 flags:16  2 idx:16   4 ring[size]:{id:32,len:32}   4+8*size avail_event:16
 * </pre>
 */
public final class SplitLayout {
    public static final int MAX_SIZE = 32768;

    public static final int DESCRIPTOR_BYTES = 16;
    public static final int DESCRIPTOR_ALIGN = 16;
    public static final int AVAIL_ALIGN = 2;
    public static final int USED_ALIGN = 4;

    public static final int FLAG_NEXT = 1;
    public static final int FLAG_WRITE = 2;
    public static final int FLAG_INDIRECT = 4;

    /** The bits that mean something; the others are ignored. */
    static final int FLAGS_KNOWN = FLAG_NEXT | FLAG_WRITE | FLAG_INDIRECT;

    /** In the available ring: the driver wants no calls. */
    public static final int AVAIL_NO_INTERRUPT = 1;

    /** In the used ring: the device wants no kicks. */
    public static final int USED_NO_NOTIFY = 1;

    /** Offset of the flags in both rings. */
    public static final long FLAGS = 0;

    /** Offset of the index in both rings. */
    public static final long INDEX = 2;

    /** Offset of the first entry in both rings. */
    public static final long RING = 4;

    public static final int AVAIL_ENTRY_BYTES = 2;
    public static final int USED_ENTRY_BYTES = 8;

    private SplitLayout() {}

    /** Whether a split queue can have this size: a power of two up to 32768. */
    public static boolean isValidSize(int size) {
        return size > 0 && size <= MAX_SIZE && Integer.bitCount(size) == 1;
    }

    public static long descriptorBytes(int size) {
        return (long) DESCRIPTOR_BYTES * size;
    }

    /** Bytes of the available ring, used_event included. */
    public static long availBytes(int size) {
        return usedEvent(size) + 2;
    }

    /** Bytes of the used ring, avail_event included. */
    public static long usedBytes(int size) {
        return availEvent(size) + 2;
    }

    /** Offset of used_event in the available ring. */
    public static long usedEvent(int size) {
        return RING + (long) AVAIL_ENTRY_BYTES * size;
    }

    /** Offset of avail_event in the used ring. */
    public static long availEvent(int size) {
        return RING + (long) USED_ENTRY_BYTES * size;
    }

    /** Ring indices are 16 bits wide and wrap. */
    public static int wrap(int index) {
        return index & 0xffff;
    }

    /**
     * Whether moving an index from {@code old} to {@code now} passes {@code event}, all 16-bit.
     * {@code [virtio-1.4 §2.7.7.2]}
     */
    public static boolean needEvent(int event, int now, int old) {
        return wrap(now - event - 1) < wrap(now - old);
    }
}
