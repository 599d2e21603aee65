package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockTask;

/**
 * A queue's own io_uring: operations gather while a burst is popped and go to the kernel with one call. Owner: the worker
 * that polls the queue.
 */
final class RingChannel extends StoreChannel {
    private final Ring ring;
    private int inFlight;

    RingChannel(Ring ring, int tasks, int alignment, Holes holes) {
        super(tasks, alignment, holes);
        this.ring = ring;
    }

    @Override
    public void submit(BlockTask blockTask) {
        FileTask task = tasks[blockTask.slot()];
        task.begin(blockTask);
        add(task, blockTask.slot());
    }

    private void add(FileTask task, int slot) {
        record(task);
        ring.add(task, slot);
        inFlight++;
    }

    @Override
    public int poll() {
        ring.enter();
        int completed = 0;
        int slot = ring.next();
        while (slot >= 0) {
            inFlight--;
            FileTask task = tasks[slot];
            if (task.advance(ring.result())) {
                add(task, slot);
            } else {
                completed++;
                task.complete();
            }
            slot = ring.next();
        }
        return completed;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public void close() {
        ring.close();
        arena.close();
    }
}
