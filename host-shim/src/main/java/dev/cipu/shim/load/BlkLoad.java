package dev.cipu.shim.load;

/**
 * Drives a block device: keeps {@code depth} requests under way on each queue and measures them. One thread drives all
 * queues; {@link #stop} may come from any thread. An object serves one run.
 *
 * <p>Time stamps are taken once for each burst of completions, and are the start of the requests that follow from it.
 */
public final class BlkLoad {
    /** Empty polls between two looks at the clock. */
    private static final int SPINS_PER_LOOK = 256;

    private static final long SLEEP_NANOS = 20_000_000;
    private static final long FOR_EVER = Long.MAX_VALUE;

    private final BlkLoadSpec spec;
    private final BlkSide side;
    private volatile boolean stopped;
    private int spins;
    private int reconnects;
    private long resubmitted;
    private boolean readBackDue;

    private BlkLoad(BlkLoadSpec spec, BlkSide side) {
        this.spec = spec;
        this.side = side;
    }

    /**
     * Connects to the device.
     *
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws LoadException if the device does not fit the load
     */
    public static BlkLoad connect(BlkLoadSpec spec) {
        return new BlkLoad(spec, BlkSide.connect(spec));
    }

    /** Connects, runs and closes. */
    public static BlkLoadResult run(BlkLoadSpec spec) {
        return connect(spec).run();
    }

    /** Ends the run soon; {@link #run} then returns what was measured until then. */
    public void stop() {
        stopped = true;
    }

    /** Warms up, measures, reads back if verifying, and closes the connection. */
    public BlkLoadResult run() {
        try {
            return LoadThread.run(spec.run().core(), this::measure);
        } finally {
            side.close();
        }
    }

    private BlkLoadResult measure() {
        side.queues.suppressCalls();
        RunSpec run = spec.run();
        BlkSource source = side.source(spec.workload());
        if (run.warmupNanos() > 0) {
            drive(source, System.nanoTime() + run.warmupNanos(), FOR_EVER);
            drain();
        }
        side.latency.reset();
        long kicks = side.queues.kicks();
        long calls = side.queues.calls();
        long allocated = LoadThread.allocatedBytes();
        long begin = System.nanoTime();
        long end = run.count() > 0 ? begin + FOR_EVER / 2 : begin + run.nanos();
        long ops = drive(source, end, run.count() > 0 ? run.count() : FOR_EVER);
        long nanos = System.nanoTime() - begin;
        allocated = LoadThread.allocatedBytes() - allocated;
        kicks = side.queues.kicks() - kicks;
        calls = side.queues.calls() - calls;
        side.latency.enable(false);
        drain();
        if (!stopped) {
            readBack();
        }
        checkStop(side.frontEnd.stop());
        return result(ops, nanos / 1e9, kicks, calls, allocated);
    }

    /** A device that has completed everything stops where the driver is. */
    private void checkStop(int[] stoppedAt) {
        for (BlkLane lane : side.lanes) {
            int index = lane.queue().index();
            int expected = lane.queue().ring().position();
            if (stoppedAt[index] != expected) {
                side.tally.error("queue " + index + " stopped at " + stoppedAt[index] + " instead of " + expected);
            }
        }
    }

    /**
     * Keeps the queues full until {@code end}, or until {@code count} requests or all of the source's are done.
     *
     * @return completed requests
     */
    private long drive(BlkSource source, long end, long count) {
        long left = count;
        long completed = 0;
        long now = System.nanoTime();
        while (!stopped) {
            int done = 0;
            int underWay = 0;
            for (BlkLane lane : side.lanes) {
                int taken = lane.reap();
                if (taken > 0) {
                    now = lane.now();
                    done += taken;
                }
                if (left > 0 && (taken > 0 || lane.inFlight() == 0)) {
                    left -= lane.submit(source, left, now);
                }
                underWay += lane.inFlight();
            }
            if (done > 0) {
                completed += done;
                spins = 0;
                side.watch.progress();
            } else if (underWay == 0) {
                return completed;
            } else {
                now = idle(now);
                if (readBackDue && !(source instanceof ReadBackSource)) {
                    completed += drain();
                    readBack();
                    now = System.nanoTime();
                }
            }
            if (now - end >= 0) {
                return completed;
            }
        }
        return completed;
    }

    /** Waits until nothing is under way; returns how many requests that were. */
    private long drain() {
        long completed = 0;
        while (true) {
            int done = 0;
            int underWay = 0;
            for (BlkLane lane : side.lanes) {
                done += lane.reap();
                underWay += lane.inFlight();
            }
            completed += done;
            if (underWay == 0) {
                return completed;
            }
            if (done > 0) {
                side.watch.progress();
            } else {
                idle(0);
            }
        }
    }

    /** Checks every block that was written; once more from the start if the back-end is lost meanwhile. */
    private void readBack() {
        BlockLedger book = side.ledger;
        if (book == null) {
            return;
        }
        side.latency.enable(false);
        do {
            readBackDue = false;
            drive(new ReadBackSource(book), System.nanoTime() + FOR_EVER / 2, FOR_EVER);
            drain();
        } while (readBackDue);
        side.latency.enable(true);
    }

    /** Nothing completed: spin or sleep, and look after the back-end. Returns the time, {@code now} if it is fresh enough. */
    private long idle(long now) {
        if (spec.run().interrupt()) {
            sleep();
        } else if (++spins % SPINS_PER_LOOK != 0) {
            Thread.onSpinWait();
            return now;
        }
        long time = System.nanoTime();
        if (side.watch.isLost(time)) {
            restore();
        }
        return time;
    }

    private void sleep() {
        if (side.awaitCalls()) {
            side.frontEnd.await(SLEEP_NANOS);
        }
        side.queues.suppressCalls();
    }

    /** The back-end is gone: waits for the next one and hands it what was under way. */
    private void restore() {
        if (!spec.reconnect()) {
            throw new LoadException("the back-end closed the connection");
        }
        boolean kept = side.frontEnd.reconnect();
        reconnects++;
        for (BlkLane lane : side.lanes) {
            resubmitted += kept ? lane.inFlight() : lane.resubmit();
            lane.queue().kick();
        }
        readBackDue = spec.verify();
    }

    private BlkLoadResult result(long ops, double seconds, long kicks, long calls, long allocated) {
        return new BlkLoadResult(
                spec.workload().toString(),
                spec.blockBytes(),
                spec.depth(),
                spec.queues(),
                spec.run().interrupt() ? "interrupt" : "poll",
                ops,
                seconds,
                ops / seconds,
                ops * (double) spec.blockBytes() / seconds / 1e6,
                side.latency.summary(),
                side.tally.errors,
                side.tally.verifyErrors,
                side.tally.verified,
                side.tally.firstProblem,
                kicks,
                calls,
                reconnects,
                resubmitted,
                allocated,
                side.capacity,
                Hex.of(side.frontEnd.offered()),
                Hex.of(side.frontEnd.negotiated()),
                side.frontEnd.protocolFeatures());
    }
}
