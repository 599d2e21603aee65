package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockStore;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A store as one disk sees it whose requests take as long as a model says, or as long as the store does where that is longer. The
 * data moves at once; the answer waits. Any thread may ask for a channel. The store behind it belongs to who opened it and stays open.
 */
public final class PacedStore implements BlockStore {
    private final BlockStore store;
    private final Supplier<RequestTiming> timing;
    private final LongSupplier clock;

    /** Logs that no channel uses; guarded by itself. */
    private final Deque<PaceLog> logs;

    /**
     * @param timing a new one for each channel
     * @param clock of the workers, in nanoseconds
     * @param logs one for each channel that is open at a time
     */
    public PacedStore(BlockStore store, Supplier<RequestTiming> timing, LongSupplier clock, List<PaceLog> logs) {
        this.store = store;
        this.timing = timing;
        this.clock = clock;
        this.logs = new ArrayDeque<>(logs);
    }

    @Override
    public long sectors() {
        return store.sectors();
    }

    @Override
    public int blockSize() {
        return store.blockSize();
    }

    @Override
    public boolean readOnly() {
        return store.readOnly();
    }

    @Override
    public boolean canDiscard() {
        return store.canDiscard();
    }

    @Override
    public boolean canUnmap() {
        return store.canUnmap();
    }

    @Override
    public BlockChannel channel(int tasks) {
        return new PacedChannel(store.channel(tasks), tasks, timing.get(), clock, takeLog(), this::giveBack);
    }

    private PaceLog takeLog() {
        synchronized (logs) {
            return logs.pop();
        }
    }

    private void giveBack(PaceLog log) {
        synchronized (logs) {
            logs.push(log);
        }
    }

    @Override
    public void close() {}
}
