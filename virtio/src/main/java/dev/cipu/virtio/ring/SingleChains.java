package dev.cipu.virtio.ring;

/**
 * A burst of the simplest chains: one buffer each, in one region. What {@link Virtqueue#popSingles} fills and {@link
 * Virtqueue#pushSingles} returns; reused for every burst. Owner: the thread that owns the queue.
 */
public final class SingleChains {
    private static final int NAME_SHIFT = 32;
    private static final int NAME = 0xffff;
    private static final long BYTES = 0xffffffffL;

    final long[] address;

    /**
     * As in a packed ring: first the buffer's bytes, then those written into it, in the lower half; above them the 16 bits that
     * name the chain; above those whatever the queue likes.
     */
    final long[] element;

    /** Of an element, what the driver is told: no bytes are written into a readable buffer. */
    private long told;

    /**
     * @param capacity chains in a burst
     */
    public SingleChains(int capacity) {
        address = new long[capacity];
        element = new long[capacity];
    }

    public int capacity() {
        return address.length;
    }

    /** Where the buffer of chain {@code index} lies in {@link dev.cipu.virtio.memory.HostMemory}. */
    public long address(int index) {
        return address[index];
    }

    /** Bytes of the buffer of chain {@code index}, positive; undefined after {@link #written}. */
    public int length(int index) {
        return (int) element[index];
    }

    /** The head or buffer id of chain {@code index}. */
    public int name(int index) {
        return name(element[index]);
    }

    /** The head or buffer id in an element. */
    static int name(long element) {
        return (int) (element >>> NAME_SHIFT) & NAME;
    }

    /** The element of a chain by its name and the bytes of its buffer. */
    static long element(int name, int bytes) {
        return (long) name << NAME_SHIFT | (bytes & BYTES);
    }

    /** Whether the chains are ones to write into. */
    void writable(boolean writable) {
        told = (long) NAME << NAME_SHIFT | (writable ? BYTES : 0);
    }

    boolean isWritable() {
        return (told & BYTES) != 0;
    }

    /** What is to be kept of an element when it is pushed: name, and bytes written. */
    long told() {
        return told;
    }

    /** {@link #address} of all chains, for loops; only to be read. */
    public long[] addresses() {
        return address;
    }

    /** Of all chains, for loops and only to be read: {@link #length} in the lower half. */
    public long[] elements() {
        return element;
    }

    /** What to say of a writable chain {@code index} when it is returned: bytes written from its first one on. */
    public void written(int index, int bytes) {
        element[index] = (element[index] & ~BYTES) | (bytes & BYTES);
    }

    /**
     * As {@link #written(int, int)} of the first {@code count} chains, in a loop that has no calls.
     *
     * @param bytes for chain 0 the lower half of {@code bytes[from]}, and so on
     * @param more to be added to each
     */
    public void written(long[] bytes, int from, int count, int more) {
        for (int i = 0; i < count; i++) {
            element[i] = (element[i] & ~BYTES) | (bytes[from + i] & BYTES) + more;
        }
    }
}
