package dev.cipu.shim.load;

/**
 * Drives a network device behind which frames are reflected: sends, and counts and checks what comes back. One thread
 * drives all queue pairs; {@link #stop} may come from any thread. An object serves one run.
 *
 * <p>Time stamps are taken once for each burst sent and each burst received.
 */
public final class NetLoad {
    /** Empty turns between two looks at the clock. */
    private static final int TURNS_PER_LOOK = 64;

    private static final long SLEEP_NANOS = 20_000_000;
    private static final double NANOS = 1e9;

    private final NetLoadSpec spec;
    private final NetSide side;
    private volatile boolean stopped;
    private int turns;

    private NetLoad(NetLoadSpec spec, NetSide side) {
        this.spec = spec;
        this.side = side;
    }

    /**
     * Connects to the device.
     *
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws LoadException if the device does not fit the load
     */
    public static NetLoad connect(NetLoadSpec spec) {
        return new NetLoad(spec, NetSide.connect(spec));
    }

    /** Connects, runs and closes. */
    public static NetLoadResult run(NetLoadSpec spec) {
        return connect(spec).run();
    }

    /** Ends the run soon; {@link #run} then returns what was measured until then. */
    public void stop() {
        stopped = true;
    }

    /** Warms up, measures, waits for what is still away, and closes the connection. */
    public NetLoadResult run() {
        try {
            return LoadThread.run(spec.run().core(), this::measure);
        } finally {
            side.close();
        }
    }

    private NetLoadResult measure() {
        side.open();
        RunSpec run = spec.run();
        if (run.warmupNanos() > 0) {
            drive(run.warmupNanos(), Long.MAX_VALUE);
            settle();
        }
        side.startAfresh();
        long issued = side.ledger.issued();
        long kicks = side.queues.kicks();
        long calls = side.queues.calls();
        long allocated = LoadThread.allocatedBytes();
        long begin = System.nanoTime();
        if (run.count() > 0) {
            drive(Long.MAX_VALUE / 2, run.count());
        } else {
            drive(run.nanos(), Long.MAX_VALUE);
        }
        double seconds = (System.nanoTime() - begin) / NANOS;
        allocated = LoadThread.allocatedBytes() - allocated;
        kicks = side.queues.kicks() - kicks;
        calls = side.queues.calls() - calls;
        long received = side.tally.received;
        side.latency.enable(false);
        settle();
        side.ledger.giveUp();
        side.frontEnd.stop();
        return result(received, side.ledger.issued() - issued, seconds, kicks, calls, allocated);
    }

    /**
     * Sends and receives.
     *
     * @param nanos for how long
     * @param count how many frames to send; then it waits for them
     */
    private void drive(long nanos, long count) {
        long begin = System.nanoTime();
        long now = begin;
        long left = count;
        long quietSince = begin;
        while (!stopped && now - begin < nanos && (left > 0 || side.ledger.away() > 0)) {
            int back = side.receive();
            int done = side.reclaim();
            int sent = side.send(Math.min(left, paced(now - begin, count - left)), NetLane.NOW);
            left -= sent;
            done += sent;
            if (back > 0 || side.ledger.away() == 0) {
                quietSince = now;
            } else if (now - quietSince > NetSide.PATIENCE_NANOS) {
                side.ledger.giveUp();
            }
            now = turn(back + done > 0, now);
        }
    }

    /** How many frames the rate still allows after {@code nanos} and {@code sent} frames. */
    private long paced(long nanos, long sent) {
        return spec.rate() == 0 ? Long.MAX_VALUE : (long) (nanos / NANOS * spec.rate()) + 1 - sent;
    }

    /** Waits until everything is back, or nothing has come back for a while. */
    private void settle() {
        long now = System.nanoTime();
        long quietSince = now;
        while (side.ledger.away() > 0 && now - quietSince < NetSide.PATIENCE_NANOS) {
            int back = side.receive();
            int done = side.reclaim();
            if (back > 0) {
                quietSince = now;
            }
            now = turn(back + done > 0, now);
        }
    }

    /** The end of a turn: looks at the clock now and then, and when idle sleeps if it should. Returns the time. */
    private long turn(boolean busy, long now) {
        if (busy) {
            side.watch.progress();
            turns++;
            return (turns & 7) == 0 || spec.rate() > 0 ? System.nanoTime() : now;
        }
        if (spec.run().interrupt()) {
            sleep();
        } else if (++turns % TURNS_PER_LOOK != 0 && spec.rate() == 0) {
            Thread.onSpinWait();
            return now;
        }
        long time = System.nanoTime();
        if (side.isWaiting() && side.watch.isLost(time)) {
            throw new LoadException("the back-end closed the connection");
        }
        return time;
    }

    private void sleep() {
        if (side.awaitCalls()) {
            side.frontEnd.await(spec.rate() > 0 ? Math.min(SLEEP_NANOS, (long) NANOS / spec.rate()) : SLEEP_NANOS);
        }
        side.queues.suppressCalls();
    }

    private NetLoadResult result(long back, long sent, double seconds, long kicks, long calls, long allocated) {
        FrameLedger ledger = side.ledger;
        NetTally tally = side.tally;
        long wrong = ledger.duplicated() + tally.altered;
        return new NetLoadResult(
                spec.frameBytes(),
                spec.pairs(),
                spec.burst(),
                spec.window(),
                spec.rate(),
                spec.run().interrupt() ? "interrupt" : "poll",
                back,
                sent,
                seconds,
                back / seconds,
                back * (double) spec.frameBytes() / seconds / 1e6,
                side.latency.summary(),
                ledger.lost(),
                ledger.duplicated(),
                tally.altered,
                ledger.reordered(),
                tally.foreign,
                ledger.lost() + wrong,
                wrong,
                tally.firstProblem,
                kicks,
                calls,
                allocated,
                spec.verify(),
                Hex.of(side.frontEnd.offered()),
                Hex.of(side.frontEnd.negotiated()),
                side.frontEnd.protocolFeatures());
    }
}
