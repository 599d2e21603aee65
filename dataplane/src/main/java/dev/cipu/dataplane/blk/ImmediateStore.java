package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkRequest;

/** A store that has done everything when submit returns, and keeps nothing back: no cache, no queue. */
abstract sealed class ImmediateStore implements BlockStore permits MemoryStore, NullStore {
    private final long bytes;

    /**
     * @param bytes capacity, a positive multiple of 512 up to {@code max}
     */
    ImmediateStore(long bytes, long max) {
        if (bytes <= 0 || bytes > max || bytes % BlkRequest.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("a disk of " + bytes + " bytes");
        }
        this.bytes = bytes;
    }

    /** Does what the task says, but for its completion; false if there is no room to do it. */
    abstract boolean execute(BlockTask task);

    @Override
    public final long sectors() {
        return bytes / BlkRequest.SECTOR_BYTES;
    }

    @Override
    public final int blockSize() {
        return BlkRequest.SECTOR_BYTES;
    }

    @Override
    public final boolean readOnly() {
        return false;
    }

    @Override
    public final boolean canDiscard() {
        return true;
    }

    @Override
    public final BlockChannel channel(int tasks) {
        return new Channel(this);
    }

    private record Channel(ImmediateStore store) implements BlockChannel {
        @Override
        public void submit(BlockTask task) {
            // without room as a disk that has none left behind it
            task.complete(store.execute(task) ? BlkRequest.OK : BlkRequest.IOERR);
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
