package dev.cipu.dataplane.blk;

/** One queue's way into a {@link BlockStore}. Owner: the worker that polls the queue. */
public interface BlockChannel extends AutoCloseable {
    /**
     * Takes a task whose range the caller has checked against the store's facts. The channel calls
     * {@link BlockTask#complete} exactly once for it: before this method returns, or in a later {@link #poll}.
     */
    void submit(BlockTask task);

    /** Passes on what was submitted and completes what is done; never blocks. Returns the tasks completed. */
    int poll();

    /** Tasks submitted and not complete. */
    int inFlight();

    /** Whether a task may complete at any time, so that whoever waits for it has to go on polling. */
    default boolean needsPolling() {
        return inFlight() > 0;
    }

    /** Nanoseconds until the first task that is held back by the clock is due, as {@link dev.cipu.dataplane.Poller#dueIn}. */
    default long dueIn() {
        return Long.MAX_VALUE;
    }

    /** The queue is to end: from now on nothing that was submitted is held back, it completes when it is done. */
    default void hurry() {}

    /** Gives back what the channel holds. Nothing may be in flight. */
    @Override
    void close();
}
