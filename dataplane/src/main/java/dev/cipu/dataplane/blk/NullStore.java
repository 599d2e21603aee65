package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkRequest;

/**
 * A disk that completes every request at once and moves no data: buffers of reads stay as they are. For measuring what
 * everything but the store costs.
 */
public final class NullStore implements BlockStore {
    private final long sectors;

    /**
     * @param bytes capacity, a positive multiple of 512
     */
    public NullStore(long bytes) {
        if (bytes <= 0 || bytes % BlkRequest.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("a disk of " + bytes + " bytes");
        }
        sectors = bytes / BlkRequest.SECTOR_BYTES;
    }

    @Override
    public long sectors() {
        return sectors;
    }

    @Override
    public int blockSize() {
        return BlkRequest.SECTOR_BYTES;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public boolean canDiscard() {
        return true;
    }

    @Override
    public boolean cached() {
        return false;
    }

    @Override
    public BlockChannel channel(int tasks) {
        return new Channel();
    }

    @Override
    public void close() {}

    private static final class Channel implements BlockChannel {
        @Override
        public void submit(BlockTask task) {
            task.complete(BlkRequest.OK);
        }

        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
