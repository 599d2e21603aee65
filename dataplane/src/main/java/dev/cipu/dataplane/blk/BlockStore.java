package dev.cipu.dataplane.blk;

/**
 * Where the blocks of a disk are kept. Any thread may ask for the facts; of them only {@link #sectors} and {@link #canUnmap}
 * may change during its life. Each queue reaches the store through a channel of its own.
 */
public interface BlockStore extends AutoCloseable {
    /** Capacity in units of 512 bytes, now. Requests beyond it fail. */
    long sectors();

    /**
     * Bytes of the smallest unit that can be read and written, a power of two of at least 512. Offsets and lengths of
     * tasks are multiples of it.
     */
    int blockSize();

    boolean readOnly();

    /** Whether blocks can be given back and zeroed without sending zeroes. */
    boolean canDiscard();

    /** Whether zeroing blocks can give them back. */
    default boolean canUnmap() {
        return canDiscard();
    }

    /**
     * A new channel; the caller closes it.
     *
     * @param tasks how many tasks it will be given at a time at most; their slots are below this
     */
    BlockChannel channel(int tasks);

    /** Gives back what the store holds; its channels are closed by then. */
    @Override
    void close();
}
