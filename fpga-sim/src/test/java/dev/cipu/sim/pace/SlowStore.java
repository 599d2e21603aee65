package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.BlockTask;
import dev.cipu.virtio.blk.BlkRequest;
import java.util.ArrayDeque;
import java.util.Deque;

/** A store that is done with its tasks when the test says so, in any order. */
final class SlowStore implements BlockStore {
    final Deque<BlockTask> tasks = new ArrayDeque<>();
    private int done;
    int hurried;
    boolean closed;

    /** The next poll completes so many, the one that came last first. */
    void finish(int count) {
        done = count;
    }

    @Override
    public long sectors() {
        return 1 << 20;
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
    public BlockChannel channel(int count) {
        return new BlockChannel() {
            @Override
            public void submit(BlockTask task) {
                tasks.add(task);
            }

            @Override
            public int poll() {
                int completed = done;
                while (done > 0) {
                    done--;
                    tasks.removeLast().complete(BlkRequest.OK);
                }
                return completed;
            }

            @Override
            public int inFlight() {
                return tasks.size();
            }

            @Override
            public void hurry() {
                hurried++;
            }

            @Override
            public void close() {
                closed = true;
            }
        };
    }

    @Override
    public void close() {}
}
