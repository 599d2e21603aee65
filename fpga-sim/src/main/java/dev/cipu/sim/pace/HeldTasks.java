package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockTask;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tasks that are done and not due, the first one on top: a binary heap in arrays that are as large as they will ever have to be.
 * Owner: the queue's worker.
 */
final class HeldTasks {
    private final @Nullable BlockTask[] tasks;
    private final long[] dues;
    private int count;

    HeldTasks(int capacity) {
        tasks = new BlockTask[capacity];
        dues = new long[capacity];
    }

    int count() {
        return count;
    }

    /** When the first task is due; there must be one. */
    long due() {
        return dues[0];
    }

    void add(BlockTask task, long due) {
        int at = count++;
        while (at > 0) {
            int parent = (at - 1) >> 1;
            if (!Moments.isAfter(dues[parent], due)) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        tasks[at] = task;
        dues[at] = due;
    }

    /** Takes the first task out; there must be one. */
    BlockTask remove() {
        BlockTask first = Objects.requireNonNull(tasks[0]);
        count--;
        BlockTask last = tasks[count];
        long due = dues[count];
        int at = 0;
        int child = 1;
        while (child < count) {
            if (child + 1 < count && Moments.isAfter(dues[child], dues[child + 1])) {
                child++;
            }
            if (!Moments.isAfter(due, dues[child])) {
                break;
            }
            move(child, at);
            at = child;
            child = 2 * at + 1;
        }
        tasks[at] = last;
        dues[at] = due;
        tasks[count] = null;
        return first;
    }

    private void move(int from, int to) {
        tasks[to] = tasks[from];
        dues[to] = dues[from];
    }
}
