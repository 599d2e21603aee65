package dev.cipu.dataplane.blk;

/**
 * A disk that completes every request at once and moves no data: buffers of reads stay as they are. For measuring what
 * everything but the store costs.
 */
public final class NullStore extends ImmediateStore {
    /**
     * @param bytes capacity, a positive multiple of 512
     */
    public NullStore(long bytes) {
        super(bytes, Long.MAX_VALUE);
    }

    @Override
    boolean execute(BlockTask task) {
        return true;
    }

    @Override
    public void close() {}
}
