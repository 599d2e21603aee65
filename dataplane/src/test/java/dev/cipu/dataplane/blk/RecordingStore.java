package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkRequest;
import java.util.ArrayList;
import java.util.List;

/** A store that holds tasks back until the test lets them go, and remembers what it was asked for. */
final class RecordingStore implements BlockStore {
    final List<String> seen = new ArrayList<>();
    final List<BlockTask> held = new ArrayList<>();
    private final List<BlockTask> released = new ArrayList<>();
    private final long bytes;

    /** Lets every task go at the next poll. */
    boolean automatic;

    RecordingStore(long bytes) {
        this.bytes = bytes;
    }

    void release(int index) {
        released.add(held.remove(index));
    }

    @Override
    public long sectors() {
        return bytes / 512;
    }

    @Override
    public int blockSize() {
        return 512;
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
    public BlockChannel channel(int tasks) {
        return new BlockChannel() {
            @Override
            public void submit(BlockTask task) {
                seen.add(task.op() + (task.durable() ? " durable" : ""));
                held.add(task);
            }

            @Override
            public int poll() {
                if (automatic) {
                    released.addAll(held);
                    held.clear();
                }
                List<BlockTask> now = List.copyOf(released);
                released.clear();
                now.forEach(task -> task.complete(BlkRequest.OK));
                return now.size();
            }

            @Override
            public int inFlight() {
                return held.size() + released.size();
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {}
}
