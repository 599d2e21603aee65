package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockStore;
import org.jspecify.annotations.Nullable;

/** A file store that keeps hold of its one channel, so that a test can ask it what it did. */
final class SpiedStore implements BlockStore {
    private final FileStore file;
    private @Nullable StoreChannel channel;

    SpiedStore(FileStore file) {
        this.file = file;
    }

    StoreChannel only() {
        if (channel == null) {
            throw new IllegalStateException("no channel yet");
        }
        return channel;
    }

    @Override
    public long sectors() {
        return file.sectors();
    }

    @Override
    public int blockSize() {
        return file.blockSize();
    }

    @Override
    public boolean readOnly() {
        return file.readOnly();
    }

    @Override
    public boolean canDiscard() {
        return file.canDiscard();
    }

    @Override
    public BlockChannel channel(int tasks) {
        StoreChannel opened = file.storeChannel(tasks);
        channel = opened;
        return opened;
    }

    @Override
    public void close() {
        file.close();
    }
}
