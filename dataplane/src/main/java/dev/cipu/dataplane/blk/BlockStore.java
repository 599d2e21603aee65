package dev.cipu.dataplane.blk;

/**
 * Where the blocks of a disk are kept. The facts do not change during its life; any thread may ask for them. Each queue
 * reaches the store through a channel of its own.
 */
public interface BlockStore extends AutoCloseable {
    /** Capacity in units of 512 bytes. */
    long sectors();

    /**
     * Bytes of the smallest unit that can be read and written, a power of two of at least 512. Offsets and lengths of
     * tasks are multiples of it.
     */
    int blockSize();

    boolean readOnly();

    /** Whether blocks can be given back and zeroed without sending zeroes. */
    boolean canDiscard();

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
