package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockOp;

/** What a model says of a disk's requests. Owner: the worker of the one queue that asks. */
@FunctionalInterface
public interface RequestTiming {
    /**
     * When a request is to be answered at the earliest, never before {@code now}. The model counts the request, so it is asked
     * once for each.
     *
     * @param now when the request came, in nanoseconds of the worker's clock
     * @param bytes of its range, moved or not
     */
    long due(long now, BlockOp op, long bytes);
}
