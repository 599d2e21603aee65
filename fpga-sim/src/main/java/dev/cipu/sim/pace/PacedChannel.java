package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockTask;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One queue's way into a {@link PacedStore}: the store works at once, and its answer is kept until the request is due. Owner: the
 * worker that polls the queue; nothing is allocated per request, and there is room for every task that the queue has.
 */
final class PacedChannel implements BlockChannel, BlockTask.Completion {
    /** Tasks that are answered in a turn, at whose end the guest sees them: those that are due first are not to wait for many others. */
    private static final int BURST = 16;

    private final BlockChannel store;
    private final RequestTiming timing;
    private final LongSupplier clock;
    private final PaceLog log;
    private final Consumer<PaceLog> closed;

    /** Who is to be told of each task, null for those that are not under way. */
    private final BlockTask.@Nullable Completion[] origins;

    private final long[] dues;
    private final byte[] statuses;
    private final HeldTasks held;

    /** When the tasks completed in a turn were due, until all of them are through. */
    private final long[] given;

    /** Whether nothing waits for its time, because the queue is to end. */
    private boolean hurried;

    /**
     * @param closed gets the log back
     */
    PacedChannel(
            BlockChannel store,
            int tasks,
            RequestTiming timing,
            LongSupplier clock,
            PaceLog log,
            Consumer<PaceLog> closed) {
        this.store = store;
        this.timing = timing;
        this.clock = clock;
        this.log = log;
        this.closed = closed;
        origins = new BlockTask.Completion[tasks];
        dues = new long[tasks];
        statuses = new byte[tasks];
        held = new HeldTasks(tasks);
        given = new long[BURST];
    }

    @Override
    public void submit(BlockTask task) {
        long now = clock.getAsLong();
        long due = timing.due(now, task.op(), task.length());
        log.asked(due - now);
        int slot = task.slot();
        dues[slot] = due;
        origins[slot] = task.divert(this);
        hurried = false;
        store.submit(task);
    }

    /** The store is done with a task. */
    @Override
    public void completed(BlockTask task, byte status) {
        int slot = task.slot();
        statuses[slot] = status;
        if (Moments.isAfter(clock.getAsLong(), dues[slot])) {
            log.overdue();
        }
        held.add(task, dues[slot]);
    }

    @Override
    public int poll() {
        if (store.inFlight() > 0) {
            store.poll();
        }
        if (held.count() == 0) {
            return 0;
        }
        long now = clock.getAsLong();
        int completed = 0;
        int timed = 0;
        while (held.count() > 0 && timed < BURST) {
            long due = held.due();
            if (!Moments.isAfter(due, now)) {
                given[timed++] = due;
            } else if (hurried) {
                log.cutShort();
            } else {
                break;
            }
            release(held.remove());
            completed++;
        }
        if (timed > 0) {
            // for the guest a delay ends with the last answer of the turn, when all are published
            long then = clock.getAsLong();
            for (int i = 0; i < timed; i++) {
                log.given(then - given[i]);
            }
        }
        return completed;
    }

    private void release(BlockTask task) {
        int slot = task.slot();
        task.divert(Objects.requireNonNull(origins[slot]));
        origins[slot] = null;
        task.complete(statuses[slot]);
    }

    @Override
    public int inFlight() {
        return store.inFlight() + held.count();
    }

    @Override
    public boolean needsPolling() {
        return store.needsPolling();
    }

    @Override
    public long dueIn() {
        if (held.count() == 0) {
            return Long.MAX_VALUE;
        }
        return hurried ? 0 : Math.max(0, held.due() - clock.getAsLong());
    }

    @Override
    public void hurry() {
        hurried = true;
        store.hurry();
    }

    @Override
    public void close() {
        store.close();
        closed.accept(log);
    }
}
