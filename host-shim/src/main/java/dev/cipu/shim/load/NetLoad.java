package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;

/**
 * Drives a network device behind which frames are reflected: sends, and counts and checks what comes back. One thread
 * drives all queue pairs; {@link #stop} may come from any thread. An object serves one run.
 *
 * <p>Time stamps are taken once for each burst sent and each burst received.
 */
public final class NetLoad {
    /** How long nothing must come back until what is away counts as lost. */
    private static final long PATIENCE_NANOS = 1_000_000_000;

    /** Empty turns between two looks at the clock. */
    private static final int TURNS_PER_LOOK = 64;

    private static final long SLEEP_NANOS = 20_000_000;
    private static final double NANOS = 1e9;

    private final NetLoadSpec spec;
    private final NetTally tally = new NetTally();
    private final FrameLedger ledger = new FrameLedger();
    private final LatencyRecorder latency = new LatencyRecorder();
    private final FrontEnd frontEnd;
    private final StallWatch watch;
    private final LoadQueues queues;
    private final NetLane[] lanes;
    private final int windowOfAll;
    private volatile boolean stopped;
    private int turns;

    private NetLoad(NetLoadSpec spec, FrontEnd frontEnd) {
        this.spec = spec;
        this.frontEnd = frontEnd;
        watch = new StallWatch(frontEnd, spec.target().timeout());
        windowOfAll = spec.window() == 0 ? Integer.MAX_VALUE : spec.window() * spec.pairs();
        if (spec.pairs() > frontEnd.maxQueues()) {
            throw new LoadException("the back-end has " + frontEnd.maxQueues() + " queue pairs of " + spec.pairs());
        }
        frontEnd.start(2 * spec.pairs());
        queues = new LoadQueues(frontEnd, 2 * spec.pairs());
        TestFrame frames = new TestFrame((int) BlockPattern.mix(System.nanoTime()));
        lanes = new NetLane[spec.pairs()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new NetLane(
                    frontEnd.queue(2 * i),
                    frontEnd.queue(2 * i + 1),
                    frontEnd.memory(),
                    spec,
                    frontEnd.negotiated().has(NetFeature.MRG_RXBUF),
                    frames,
                    ledger,
                    tally,
                    latency);
        }
    }

    /**
     * Connects to the device.
     *
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws LoadException if the device does not fit the load
     */
    public static NetLoad connect(NetLoadSpec spec) {
        Target target = spec.target();
        FeatureSet wanted = target.ringFeatures();
        if (spec.mergeable()) {
            wanted = wanted.with(NetFeature.MRG_RXBUF);
        }
        if (spec.pairs() > 1) {
            wanted = wanted.with(NetFeature.MQ);
        }
        return target.connect(
                wanted,
                0,
                2 * spec.pairs(),
                NetLane.memoryBytes(spec) * spec.pairs(),
                frontEnd -> new NetLoad(spec, frontEnd));
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
            frontEnd.close();
        }
    }

    private NetLoadResult measure() {
        queues.suppressCalls();
        for (NetLane lane : lanes) {
            lane.open();
        }
        RunSpec run = spec.run();
        if (run.warmupNanos() > 0) {
            drive(run.warmupNanos(), Long.MAX_VALUE);
            settle();
        }
        ledger.forgive();
        latency.reset();
        tally.received = 0;
        long issued = ledger.issued();
        long kicks = queues.kicks();
        long calls = queues.calls();
        long allocated = LoadThread.allocatedBytes();
        long begin = System.nanoTime();
        if (run.count() > 0) {
            drive(Long.MAX_VALUE / 2, run.count());
        } else {
            drive(run.nanos(), Long.MAX_VALUE);
        }
        double seconds = (System.nanoTime() - begin) / NANOS;
        allocated = LoadThread.allocatedBytes() - allocated;
        kicks = queues.kicks() - kicks;
        calls = queues.calls() - calls;
        long received = tally.received;
        latency.enable(false);
        settle();
        ledger.giveUp();
        frontEnd.stop();
        return result(received, ledger.issued() - issued, seconds, kicks, calls, allocated);
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
        while (!stopped && now - begin < nanos && (left > 0 || ledger.away() > 0)) {
            int back = 0;
            int done = 0;
            for (NetLane lane : lanes) {
                back += lane.receive();
                done += lane.reclaim();
                int sent = lane.send(allowance(Math.min(left, paced(now - begin, count - left))));
                left -= sent;
                done += sent;
            }
            if (back > 0 || ledger.away() == 0) {
                quietSince = now;
            } else if (now - quietSince > PATIENCE_NANOS) {
                ledger.giveUp();
            }
            now = turn(back + done > 0, now);
        }
    }

    /** How many frames may leave now: no more than a burst, the window's room and {@code due}. */
    private int allowance(long due) {
        return (int) Math.min(Math.min(spec.burst(), due), (long) windowOfAll - ledger.away());
    }

    /** How many frames the rate still allows after {@code nanos} and {@code sent} frames. */
    private long paced(long nanos, long sent) {
        return spec.rate() == 0 ? Long.MAX_VALUE : (long) (nanos / NANOS * spec.rate()) + 1 - sent;
    }

    /** Waits until everything is back, or nothing has come back for a while. */
    private void settle() {
        long now = System.nanoTime();
        long quietSince = now;
        while (ledger.away() > 0 && now - quietSince < PATIENCE_NANOS) {
            int back = 0;
            int done = 0;
            for (NetLane lane : lanes) {
                back += lane.receive();
                done += lane.reclaim();
            }
            if (back > 0) {
                quietSince = now;
            }
            now = turn(back + done > 0, now);
        }
    }

    /** The end of a turn: looks at the clock now and then, and when idle sleeps if it should. Returns the time. */
    private long turn(boolean busy, long now) {
        if (busy) {
            watch.progress();
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
        if (isWaiting() && watch.isLost(time)) {
            throw new LoadException("the back-end closed the connection");
        }
        return time;
    }

    private boolean isWaiting() {
        boolean waiting = false;
        for (NetLane lane : lanes) {
            waiting |= lane.inFlight() > 0;
        }
        return waiting || ledger.away() > 0;
    }

    private void sleep() {
        boolean nothing = true;
        for (NetLane lane : lanes) {
            nothing &= lane.receiveq().ring().awaitCalls();
            if (!lane.canSend()) {
                nothing &= lane.transmitq().ring().awaitCalls();
            }
        }
        if (nothing) {
            frontEnd.await(spec.rate() > 0 ? Math.min(SLEEP_NANOS, (long) NANOS / spec.rate()) : SLEEP_NANOS);
        }
        queues.suppressCalls();
    }

    private NetLoadResult result(long back, long sent, double seconds, long kicks, long calls, long allocated) {
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
                latency.summary(),
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
                Hex.of(frontEnd.offered()),
                Hex.of(frontEnd.negotiated()),
                frontEnd.protocolFeatures());
    }
}
