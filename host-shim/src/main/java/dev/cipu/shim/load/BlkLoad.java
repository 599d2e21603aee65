package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Drives a block device: keeps {@code depth} requests under way on each queue and measures them. One thread drives all
 * queues; {@link #stop} may come from any thread. An object serves one run.
 *
 * <p>Time stamps are taken once for each burst of completions, and are the start of the requests that follow from it.
 */
public final class BlkLoad {
    private static final FeatureSet USED =
            FeatureSet.of(BlkFeature.RO, BlkFeature.BLK_SIZE, BlkFeature.FLUSH, BlkFeature.TOPOLOGY);

    /** Blocks of a verified span, each costs 4 bytes of heap. */
    private static final int MAX_VERIFIED_BLOCKS = 1 << 24;

    /** Empty polls between two looks at the clock. */
    private static final int SPINS_PER_LOOK = 256;

    private static final long SLEEP_NANOS = 20_000_000;
    private static final long FOR_EVER = Long.MAX_VALUE;

    private final BlkLoadSpec spec;
    private final BlkTally tally = new BlkTally();
    private final LatencyRecorder latency = new LatencyRecorder();
    private final FrontEnd frontEnd;
    private final StallWatch watch;
    private final long capacity;
    private final long blocks;
    private final @Nullable BlockLedger ledger;
    private final LoadQueues queues;
    private final BlkLane[] lanes;
    private volatile boolean stopped;
    private int spins;
    private int reconnects;
    private long resubmitted;
    private boolean readBackDue;

    private BlkLoad(BlkLoadSpec spec, FrontEnd frontEnd) {
        this.spec = spec;
        this.frontEnd = frontEnd;
        watch = new StallWatch(frontEnd, spec.target().timeout());
        byte[] config = frontEnd.readConfig(0, BlkConfig.BYTES);
        MemorySegment fields = MemorySegment.ofArray(config);
        capacity = fields.get(Le.LONG_UNALIGNED, BlkConfig.CAPACITY) * BlkRequest.SECTOR_BYTES;
        check(frontEnd.offered(), fields);
        long span = spec.spanBytes() == 0 ? capacity : Math.min(spec.spanBytes(), capacity);
        long whole = span / spec.blockBytes();
        blocks = spec.verify() ? Math.min(whole, MAX_VERIFIED_BLOCKS) : whole;
        if (blocks == 0) {
            throw new LoadException("the span of " + span + " bytes holds no block of " + spec.blockBytes());
        }
        if (spec.queues() > frontEnd.maxQueues()) {
            throw new LoadException("the device has " + frontEnd.maxQueues() + " request queues of " + spec.queues());
        }
        frontEnd.start(spec.queues());
        queues = new LoadQueues(frontEnd, spec.queues());
        if (spec.verify()) {
            ledger = new BlockLedger((int) blocks);
        } else {
            ledger = null;
        }
        BlockPattern pattern = spec.verify() ? new BlockPattern(System.nanoTime()) : null;
        lanes = new BlkLane[spec.queues()];
        for (int i = 0; i < lanes.length; i++) {
            FrontEndQueue queue = frontEnd.queue(i);
            lanes[i] = new BlkLane(queue, frontEnd.memory(), spec, tally, latency, pattern, ledger);
        }
    }

    /**
     * Connects to the device.
     *
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws LoadException if the device does not fit the load
     */
    public static BlkLoad connect(BlkLoadSpec spec) {
        Target target = spec.target();
        FeatureSet wanted = target.ringFeatures().or(USED);
        if (spec.queues() > 1) {
            wanted = wanted.with(BlkFeature.MQ);
        }
        return target.connect(
                wanted,
                target.indirect() ? BlkLoadSpec.PARTS : 0,
                spec.queues(),
                BlkLane.memoryBytes(spec) * spec.queues(),
                frontEnd -> new BlkLoad(spec, frontEnd));
    }

    /** Connects, runs and closes. */
    public static BlkLoadResult run(BlkLoadSpec spec) {
        return connect(spec).run();
    }

    private void check(FeatureSet offered, MemorySegment config) {
        if (capacity <= 0) {
            throw new LoadException("the device has no sectors: is it a block device?");
        }
        if (offered.has(BlkFeature.RO) && spec.workload().writes()) {
            throw new LoadException("the device is read-only");
        }
        int logical = config.get(Le.INT_UNALIGNED, BlkConfig.BLK_SIZE);
        if (offered.has(BlkFeature.BLK_SIZE) && logical > 0 && spec.blockBytes() % logical != 0) {
            throw new LoadException(
                    "requests of " + spec.blockBytes() + " bytes do not fit blocks of " + logical + " bytes");
        }
        if (spec.target().indirect()
                && !offered.has(RingFeature.INDIRECT_DESC)
                && spec.depth() * BlkLoadSpec.PARTS > spec.target().queueSize()) {
            throw new LoadException("the device offers no indirect tables, and a ring of "
                    + spec.target().queueSize() + " cannot hold " + spec.depth() + " requests without");
        }
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
            frontEnd.close();
        }
    }

    private BlkLoadResult measure() {
        queues.suppressCalls();
        RunSpec run = spec.run();
        BlkSource source = new WorkloadSource(spec.workload(), blocks, System.nanoTime(), ledger);
        if (run.warmupNanos() > 0) {
            drive(source, System.nanoTime() + run.warmupNanos(), FOR_EVER);
            drain();
        }
        latency.reset();
        long kicks = queues.kicks();
        long calls = queues.calls();
        long allocated = LoadThread.allocatedBytes();
        long begin = System.nanoTime();
        long end = run.count() > 0 ? begin + FOR_EVER / 2 : begin + run.nanos();
        long ops = drive(source, end, run.count() > 0 ? run.count() : FOR_EVER);
        long nanos = System.nanoTime() - begin;
        allocated = LoadThread.allocatedBytes() - allocated;
        kicks = queues.kicks() - kicks;
        calls = queues.calls() - calls;
        latency.enable(false);
        drain();
        if (!stopped) {
            readBack();
        }
        checkStop(frontEnd.stop());
        return result(ops, nanos / 1e9, kicks, calls, allocated);
    }

    /** A device that has completed everything stops where the driver is. */
    private void checkStop(int[] stoppedAt) {
        for (BlkLane lane : lanes) {
            int index = lane.queue().index();
            int expected = lane.queue().ring().usedIndex();
            if (stoppedAt[index] != expected) {
                tally.error("queue " + index + " stopped at " + stoppedAt[index] + " instead of " + expected);
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
            for (BlkLane lane : lanes) {
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
                watch.progress();
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
            for (BlkLane lane : lanes) {
                done += lane.reap();
                underWay += lane.inFlight();
            }
            completed += done;
            if (underWay == 0) {
                return completed;
            }
            if (done > 0) {
                watch.progress();
            } else {
                idle(0);
            }
        }
    }

    /** Checks every block that was written; once more from the start if the back-end is lost meanwhile. */
    private void readBack() {
        BlockLedger book = ledger;
        if (book == null) {
            return;
        }
        latency.enable(false);
        do {
            readBackDue = false;
            drive(new ReadBackSource(book), System.nanoTime() + FOR_EVER / 2, FOR_EVER);
            drain();
        } while (readBackDue);
        latency.enable(true);
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
        if (watch.isLost(time)) {
            restore();
        }
        return time;
    }

    private void sleep() {
        boolean nothing = true;
        for (BlkLane lane : lanes) {
            nothing &= lane.queue().ring().awaitCalls();
        }
        if (nothing) {
            frontEnd.await(SLEEP_NANOS);
        }
        queues.suppressCalls();
    }

    /** The back-end is gone: waits for the next one and hands it what was under way. */
    private void restore() {
        if (!spec.reconnect()) {
            throw new LoadException("the back-end closed the connection");
        }
        boolean kept = frontEnd.reconnect();
        reconnects++;
        for (BlkLane lane : lanes) {
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
                latency.summary(),
                tally.errors,
                tally.verifyErrors,
                tally.verified,
                tally.firstProblem,
                kicks,
                calls,
                reconnects,
                resubmitted,
                allocated,
                capacity,
                Hex.of(frontEnd.offered()),
                Hex.of(frontEnd.negotiated()),
                frontEnd.protocolFeatures());
    }
}
