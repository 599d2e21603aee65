package dev.cipu.virtio.ring;

/**
 * A burst of the simplest chains: one buffer each, in one region. What {@link Virtqueue#popSingles} fills and {@link
 * Virtqueue#pushSingles} returns; reused for every burst. Owner: the thread that owns the queue.
 */
public final class SingleChains {
    final int[] head;
    final long[] address;
    final int[] length;
    final int[] written;

    /**
     * @param capacity chains in a burst
     */
    public SingleChains(int capacity) {
        head = new int[capacity];
        address = new long[capacity];
        length = new int[capacity];
        written = new int[capacity];
    }

    public int capacity() {
        return head.length;
    }

    /** Where the buffer of chain {@code index} lies in {@link dev.cipu.virtio.memory.HostMemory}. */
    public long address(int index) {
        return address[index];
    }

    /** Bytes of the buffer of chain {@code index}, positive. */
    public int length(int index) {
        return length[index];
    }

    /** What to say of chain {@code index} when it is returned: bytes written from its first one on. */
    public void written(int index, int bytes) {
        written[index] = bytes;
    }
}
