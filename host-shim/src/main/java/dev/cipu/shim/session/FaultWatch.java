package dev.cipu.shim.session;

import dev.cipu.shim.wire.ProtocolException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Faults on memory that a peer shared. Workers report them; the session's thread looks at the files behind the memory and
 * lets queues go on, or the session ends.
 */
public final class FaultWatch {
    /** Faults a second of a queue whose memory is whole afterwards; a neighbour's that were reported late are fewer. */
    private static final int MOST_FAULTS = 8;

    private final AtomicIntegerArray queues;
    private final AtomicBoolean suspect = new AtomicBoolean();
    private final AtomicBoolean faulted = new AtomicBoolean();
    private final FaultBudget forgiven = new FaultBudget(MOST_FAULTS, Duration.ofSeconds(1));
    private final SessionCounters counters;

    public FaultWatch(int queueCount, SessionCounters counters) {
        queues = new AtomicIntegerArray(queueCount);
        this.counters = counters;
    }

    /** As {@link dev.cipu.shim.card.FunctionListener#queueFaulted}. Looked at once {@link #memoryFault} comes. */
    public void queueFaulted(int queue, boolean alone) {
        queues.set(queue, 1);
        if (alone) {
            suspect.set(true);
        }
    }

    /** As {@link dev.cipu.shim.card.FunctionListener#memoryFault}; the caller wakes the session. */
    public void memoryFault() {
        faulted.set(true);
    }

    /**
     * Looks whether something faulted. Whatever stopped goes on if our files are whole: the fault was a neighbour's, or the
     * file is mended.
     *
     * @param filesStillCover whether no file was cut shorter than what is mapped of it
     * @param restart lets a queue go on
     * @throws ProtocolException if the peer has cut a file, or does so again and again
     */
    public void look(BooleanSupplier filesStillCover, IntConsumer restart) {
        if (!faulted.getAndSet(false)) {
            return;
        }
        counters.memoryFaulted();
        if (!filesStillCover.getAsBoolean()) {
            throw new ProtocolException("a file behind shared memory was truncated");
        }
        if (suspect.getAndSet(false) && !forgiven.spend(System.nanoTime())) {
            throw new ProtocolException("memory that the peer shared faults again and again");
        }
        for (int i = 0; i < queues.length(); i++) {
            if (queues.getAndSet(i, 0) != 0) {
                restart.accept(i);
            }
        }
    }
}
