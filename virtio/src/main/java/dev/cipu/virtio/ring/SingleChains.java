package dev.cipu.virtio.ring;

/**
 * A burst of the simplest chains: one buffer each, in one region. What {@link Virtqueue#popSingles} fills and {@link
 * Virtqueue#pushSingles} returns; reused for every burst. Owner: the thread that owns the queue.
 */
public final class SingleChains {
    /** The part of an element that names the chain. */
    static final long HEAD = 0xffffffffL;

    final long[] address;

    /** As in a used ring: the head below, above it first the buffer's bytes, then those written into it. */
    final long[] element;

    /** Of an element, what the driver is told: no bytes are written into a readable buffer. */
    long elementMask;

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
        return (int) (element[index] >>> 32);
    }

    /** {@link #address} of all chains, for loops; only to be read. */
    public long[] addresses() {
        return address;
    }

    /** Of all chains, for loops and only to be read: {@link #length} in the upper half. */
    public long[] elements() {
        return element;
    }

    /** What to say of a writable chain {@code index} when it is returned: bytes written from its first one on. */
    public void written(int index, int bytes) {
        element[index] = (long) bytes << 32 | (element[index] & HEAD);
    }

    /**
     * As {@link #written(int, int)} of the first {@code count} chains, in a loop that has no calls.
     *
     * @param bytes for chain 0 the lower half of {@code bytes[from]}, and so on
     * @param more to be added to each
     */
    public void written(long[] bytes, int from, int count, int more) {
        for (int i = 0; i < count; i++) {
            element[i] = (bytes[from + i] + more) << 32 | (element[i] & HEAD);
        }
    }
}
