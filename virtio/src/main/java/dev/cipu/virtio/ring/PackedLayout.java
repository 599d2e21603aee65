package dev.cipu.virtio.ring;

/**
 * The three parts of a packed virtqueue, and positions in it. {@code [virtio-1.4 §2.8]}
 *
 * <pre>
 * descriptor (16 bytes, aligned to 16)          0 addr:64   8 len:32   12 id:16   14 flags:16
 * driver and device event (aligned to 4)        0 offset:15 wrap:1     2 flags:2 reserved:14
 * position (one int)                            0 index:15  15 wrap counter:1
 * </pre>
 *
 * A position is written as the offset of an event is: the index of a descriptor and the wrap counter of the lap in which
 * it is meant.
 */
public final class PackedLayout {
    public static final int MAX_SIZE = 32768;

    public static final int DESCRIPTOR_BYTES = 16;
    public static final int DESCRIPTOR_ALIGN = 16;
    public static final int EVENT_BYTES = 4;
    public static final int EVENT_ALIGN = 4;

    public static final int FLAG_NEXT = 1;
    public static final int FLAG_WRITE = 2;
    public static final int FLAG_INDIRECT = 4;
    public static final int FLAG_AVAIL = 1 << 7;
    public static final int FLAG_USED = 1 << 15;

    /** What tells whose a descriptor is. */
    static final int FLAGS_OWNER = FLAG_AVAIL | FLAG_USED;

    /** Of a descriptor's second word, where its parts begin. */
    static final int ID_SHIFT = 32;

    static final int FLAGS_SHIFT = 48;

    /** Values of an event's flags; the fourth is reserved. */
    public static final int EVENT_ENABLE = 0;

    public static final int EVENT_DISABLE = 1;
    public static final int EVENT_DESCRIPTOR = 2;

    static final int EVENT_FLAGS_SHIFT = 16;
    static final int EVENT_FLAGS_MASK = 3;

    /** The wrap counter of a position. */
    public static final int WRAP = 1 << 15;

    static final int INDEX = WRAP - 1;

    /** Where both sides begin: the first descriptor, wrap counters 1. {@code [virtio-1.4 §2.8.1]} */
    public static final int START = WRAP;

    private PackedLayout() {}

    /** Whether a packed queue can have this size: anything up to 32768. */
    public static boolean isValidSize(int size) {
        return size > 0 && size <= MAX_SIZE;
    }

    /** Whether there is such a position in a queue of this size. */
    public static boolean isValidPosition(int position, int size) {
        return position >= 0 && position <= WRAP + INDEX && index(position) < size;
    }

    public static int index(int position) {
        return position & INDEX;
    }

    /** The position {@code slots} descriptors further on, at most {@code size}. */
    public static int advance(int position, int slots, int size) {
        int index = (position & INDEX) + slots;
        int wrap = position & WRAP;
        return index < size ? index | wrap : (index - size) | (wrap ^ WRAP);
    }

    /** The position {@code slots} descriptors before, at most {@code size}. */
    static int back(int position, int slots, int size) {
        int index = (position & INDEX) - slots;
        int wrap = position & WRAP;
        return index >= 0 ? index | wrap : (index + size) | (wrap ^ WRAP);
    }

    /** The owner flags of an available descriptor at a position. {@code [virtio-1.4 §2.8.1]} */
    public static int availFlags(int position) {
        return (position & WRAP) != 0 ? FLAG_AVAIL : FLAG_USED;
    }

    /** The owner flags of a used descriptor at a position. */
    public static int usedFlags(int position) {
        return (position & WRAP) != 0 ? FLAGS_OWNER : 0;
    }

    /** Whether a descriptor with this second word is available at a position. */
    public static boolean isAvailable(long rest, int position) {
        return ((int) (rest >>> FLAGS_SHIFT) & FLAGS_OWNER) == availFlags(position);
    }

    /** Whether a descriptor with this second word is used at a position. */
    public static boolean isUsed(long rest, int position) {
        return ((int) (rest >>> FLAGS_SHIFT) & FLAGS_OWNER) == usedFlags(position);
    }

    /** A descriptor's second word. */
    public static long rest(int length, int id, int flags) {
        return (length & 0xffffffffL) | (long) (id & 0xffff) << ID_SHIFT | (long) flags << FLAGS_SHIFT;
    }

    /** The buffer id in a descriptor's second word. */
    public static int id(long rest) {
        return (int) (rest >>> ID_SHIFT) & 0xffff;
    }

    /** Whether a used descriptor with this second word says that something was written. */
    public static boolean isWritten(long rest) {
        return ((int) (rest >>> FLAGS_SHIFT) & FLAG_WRITE) != 0;
    }

    /** A whole event structure. */
    public static int event(int flags, int position) {
        return flags << EVENT_FLAGS_SHIFT | position;
    }

    /**
     * Whether who wrote this event wants to hear of a move. The reserved value and an offset outside the queue, which mean
     * nothing, get a notification: one too many does no harm.
     *
     * @param event the whole structure, four bytes
     * @param now the position after the move
     * @param slots descriptors moved over, 0..size
     */
    public static boolean wantsEvent(int event, int now, int slots, int size, boolean eventIndex) {
        int flags = event >>> EVENT_FLAGS_SHIFT & EVENT_FLAGS_MASK;
        if (flags == EVENT_DISABLE) {
            return false;
        }
        if (flags != EVENT_DESCRIPTOR || !eventIndex || (event & INDEX) >= size) {
            return true;
        }
        int behind = (now & INDEX) - (event & INDEX);
        if (((now ^ event) & WRAP) != 0) {
            behind += size;
        }
        return behind > 0 && behind <= slots;
    }
}
