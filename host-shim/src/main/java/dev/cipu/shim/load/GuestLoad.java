package dev.cipu.shim.load;

import dev.cipu.shim.posix.CpuUsage;
import dev.cipu.shim.posix.EpollBell;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A guest's processor that drives a network device, a disk, or both in turn, and keeps account of what that costs it. An
 * object serves one run.
 *
 * <p>The clock is read once in each turn of the loop. A turn in which something was sent, received or completed is work, an
 * empty one is time that a guest would have for itself. A driver in interrupt mode sleeps instead; where orders are due
 * so soon that sleeping would miss them it stays awake, asks to be called all the same, and pays for each call as an
 * interrupt does: with a system call.
 */
public final class GuestLoad {
    private static final double NANOS = 1e9;
    private static final long SLEEP_NANOS = 20_000_000;

    /** Before an order is due a driver stays awake for so long: sleeps are counted in milliseconds. */
    private static final long AWAKE_NANOS = 2_000_000;

    private final GuestLoadSpec spec;
    private final @Nullable NetSide net;
    private final @Nullable BlkSide blk;
    private final @Nullable BlkSource source;
    private final EpollBell bell = new EpollBell();
    private OrderPlan.@Nullable Pace pace;
    private boolean armed;
    private long sent;
    private long submitted;
    private long completed;
    private long work;
    private long idle;

    /** Told on the load's thread, with the load between two turns. */
    public interface Watch {
        /** For a run that nobody watches. */
        Watch NONE = new Watch() {
            @Override
            public void begins() {}

            @Override
            public void ends() {}
        };

        /** The measured time begins now. */
        void begins();

        /** The measured time is over. */
        void ends();
    }

    private GuestLoad(GuestLoadSpec spec, @Nullable NetSide net, @Nullable BlkSide blk) {
        this.spec = spec;
        this.net = net;
        this.blk = blk;
        source =
                blk == null || spec.blk() == null ? null : blk.source(spec.blk().workload());
        if (net != null) {
            net.frontEnd.wakeAlso(bell);
        }
        if (blk != null) {
            blk.frontEnd.wakeAlso(bell);
        }
    }

    /**
     * Connects to the devices, runs, and closes the connections.
     *
     * @throws dev.cipu.shim.vhost.frontend.FrontEndException if there is no back-end or it refuses
     * @throws LoadException if a device does not fit the load, or fails under it
     */
    public static GuestLoadResult run(GuestLoadSpec spec, Watch watch) {
        NetLoadSpec frames = spec.net();
        BlkLoadSpec requests = spec.blk();
        try (NetSide net = frames == null ? null : NetSide.connect(frames);
                BlkSide blk = requests == null ? null : BlkSide.connect(requests)) {
            GuestLoad load = new GuestLoad(spec, net, blk);
            try {
                return LoadThread.run(spec.run().core(), () -> load.measure(watch));
            } finally {
                load.bell.close();
            }
        }
    }

    private GuestLoadResult measure(Watch watch) {
        if (net != null) {
            net.open();
        }
        if (blk != null) {
            blk.queues.suppressCalls();
        }
        long warmUp = spec.run().warmupNanos();
        if (warmUp > 0) {
            drive(warmUp);
            settle();
        }
        return measured(watch);
    }

    private GuestLoadResult measured(Watch watch) {
        OrderPlan orders = spec.orders();
        if (net != null) {
            net.startAfresh();
        }
        if (blk != null) {
            blk.latency.reset();
        }
        sent = 0;
        submitted = 0;
        completed = 0;
        watch.begins();
        long kicks = kicks();
        long calls = calls();
        CpuUsage usage = CpuUsage.ofThisThread();
        work = 0;
        idle = 0;
        if (orders != null) {
            start(orders);
        }
        long allocated = LoadThread.allocatedBytes();
        long begin = System.nanoTime();
        drive(spec.nanos());
        double seconds = (System.nanoTime() - begin) / NANOS;
        allocated = LoadThread.allocatedBytes() - allocated;
        usage = CpuUsage.ofThisThread().since(usage);
        watch.ends();
        kicks = kicks() - kicks;
        calls = calls() - calls;
        double share = work + idle == 0 ? 1 : (double) work / (work + idle);
        GuestLoadResult.Flow packets =
                net == null ? null : flow(net.latency, net.tally.received, seconds, packetsPerOrder());
        GuestLoadResult.Flow requests = blk == null ? null : flow(blk.latency, completed, seconds, requestsPerOrder());
        settle();
        return new GuestLoadResult(
                seconds,
                packets,
                requests,
                usage.cpuNanos(),
                share,
                usage.switches(),
                kicks,
                calls,
                allocated,
                stop(orders != null));
    }

    private void start(OrderPlan orders) {
        OrderPlan.Pace started = orders.new Pace(System.nanoTime());
        if (net != null) {
            net.latency.phases(started.boundaries());
        }
        if (blk != null) {
            blk.latency.phases(started.boundaries());
        }
        pace = started;
    }

    /** Runs until {@code nanos} have passed. */
    private void drive(long nanos) {
        long begin = System.nanoTime();
        long now = begin;
        while (now - begin < nanos) {
            int done = turn(now);
            long time = System.nanoTime();
            if (done > 0) {
                work += time - now;
                now = time;
            } else {
                now = quiet(now, time);
            }
        }
    }

    private int turn(long now) {
        int done = 0;
        OrderPlan.Pace schedule = pace;
        long due = schedule == null ? 0 : schedule.due(now);
        NetSide frames = net;
        if (frames != null) {
            done += frames.receive();
            done += frames.reclaim();
            done += send(frames, schedule, due);
        }
        BlkSide requests = blk;
        if (requests != null) {
            done += request(requests, schedule, due, now);
        }
        if (done > 0) {
            acknowledge();
            progress();
        }
        return done;
    }

    private void progress() {
        if (net != null) {
            net.watch.progress();
        }
        if (blk != null) {
            blk.watch.progress();
        }
    }

    private int send(NetSide frames, OrderPlan.@Nullable Pace schedule, long due) {
        if (schedule == null) {
            return frames.send(Long.MAX_VALUE, NetLane.NOW);
        }
        int each = packetsPerOrder();
        if (due * each <= sent) {
            return 0;
        }
        long order = sent / each;
        int now = frames.send(Math.min(due, schedule.endOfPhase(order)) * each - sent, schedule.dueAt(order));
        sent += now;
        return now;
    }

    private int request(BlkSide requests, OrderPlan.@Nullable Pace schedule, long due, long now) {
        int done = 0;
        for (BlkLane lane : requests.lanes) {
            int taken = lane.reap();
            done += taken;
            if (schedule != null) {
                done += due * requestsPerOrder() > submitted && lane.hasRoom() ? submit(lane, schedule, due) : 0;
            } else if (taken > 0 || lane.inFlight() == 0) {
                done += lane.submit(source(), Long.MAX_VALUE, taken > 0 ? lane.now() : now);
            }
            completed += taken;
        }
        return done;
    }

    private int submit(BlkLane lane, OrderPlan.Pace schedule, long due) {
        int each = requestsPerOrder();
        long order = submitted / each;
        long room = Math.min(due, schedule.endOfPhase(order)) * each - submitted;
        int handed = lane.submit(source(), room, schedule.dueAt(order));
        submitted += handed;
        return handed;
    }

    private BlkSource source() {
        BlkSource blocks = source;
        if (blocks == null) {
            throw new IllegalStateException("a guest without a disk makes requests");
        }
        return blocks;
    }

    private int packetsPerOrder() {
        OrderPlan orders = spec.orders();
        return orders == null ? 0 : orders.packetsPerOrder();
    }

    private int requestsPerOrder() {
        OrderPlan orders = spec.orders();
        return orders == null ? 0 : orders.requestsPerOrder();
    }

    /** What an interrupt would have cost: the calls are taken, and not asked for while there is work. */
    private void acknowledge() {
        if (armed) {
            calls();
            suppressCalls();
        }
    }

    private void suppressCalls() {
        armed = false;
        if (net != null) {
            net.queues.suppressCalls();
        }
        if (blk != null) {
            blk.queues.suppressCalls();
        }
    }

    /** Asks to be called; whether there is nothing to do even now. */
    private boolean awaitCalls() {
        armed = true;
        boolean nothing = net == null || net.awaitCalls();
        return (blk == null || blk.awaitCalls()) && nothing;
    }

    /** Nothing was done since {@code before}: looks on, or sleeps. Returns the time. */
    private long quiet(long before, long now) {
        if (!spec.run().interrupt()) {
            idle += now - before;
            look(now);
            return now;
        }
        long left = untilNextOrder(now);
        if (left > AWAKE_NANOS) {
            work += now - before;
            if (awaitCalls()) {
                bell.await(Math.min(SLEEP_NANOS, left - AWAKE_NANOS / 2));
            }
            suppressCalls();
            long awake = System.nanoTime();
            look(awake);
            return awake;
        }
        if (armed) {
            idle += now - before;
        } else {
            work += now - before;
            awaitCalls();
        }
        look(now);
        return now;
    }

    private long untilNextOrder(long now) {
        OrderPlan.Pace schedule = pace;
        if (schedule == null) {
            return Long.MAX_VALUE;
        }
        long next = Long.MAX_VALUE;
        if (packetsPerOrder() > 0) {
            next = schedule.dueAt(sent / packetsPerOrder());
        }
        if (requestsPerOrder() > 0) {
            next = Math.min(next, schedule.dueAt(submitted / requestsPerOrder()));
        }
        return next - now;
    }

    private void look(long now) {
        boolean lost = net != null && net.isWaiting() && net.watch.isLost(now);
        lost |= blk != null && blk.inFlight() > 0 && blk.watch.isLost(now);
        if (lost) {
            throw new LoadException("the back-end closed the connection");
        }
    }

    /** Waits until everything is back, or nothing has come back for a while. */
    private void settle() {
        long quietSince = System.nanoTime();
        long now = quietSince;
        while (isAway() && now - quietSince < NetSide.PATIENCE_NANOS) {
            int back = 0;
            if (net != null) {
                back += net.receive();
                net.reclaim();
            }
            if (blk != null) {
                for (BlkLane lane : blk.lanes) {
                    back += lane.reap();
                }
            }
            now = System.nanoTime();
            quietSince = back > 0 ? now : quietSince;
        }
    }

    private boolean isAway() {
        return (net != null && net.ledger.away() > 0) || (blk != null && blk.inFlight() > 0);
    }

    private long kicks() {
        return (net == null ? 0 : net.queues.kicks()) + (blk == null ? 0 : blk.queues.kicks());
    }

    private long calls() {
        return (net == null ? 0 : net.queues.calls()) + (blk == null ? 0 : blk.queues.calls());
    }

    private GuestLoadResult.Flow flow(LatencyRecorder latency, long ops, double seconds, int perOrder) {
        latency.enable(false);
        Histogram all = latency.all();
        OrderPlan orders = spec.orders();
        List<GuestLoadResult.PhaseResult> phases = new ArrayList<>();
        if (orders != null && perOrder > 0) {
            for (int i = 0; i < orders.phases().size(); i++) {
                OrderPlan.Phase phase = orders.phases().get(i);
                Histogram of = latency.of(i);
                long inTime = of.getTotalCount() == 0 ? 0 : of.getCountBetweenValues(0, orders.lateNanos());
                phases.add(new GuestLoadResult.PhaseResult(
                        phase.name(),
                        Math.round(phase.orders() * perOrder),
                        of.getTotalCount(),
                        Latency.of(of),
                        of.getTotalCount() - inTime));
            }
        }
        return new GuestLoadResult.Flow(
                ops, ops / seconds, Latency.of(all), GuestLoadResult.Point.of(all), List.copyOf(phases));
    }

    /** Stops the devices; returns what went wrong, empty if nothing did. */
    private String stop(boolean open) {
        String problem = "";
        if (net != null) {
            long lost = net.ledger.away() + net.ledger.lost();
            net.frontEnd.stop();
            if (net.tally.received == 0 && !open) {
                problem = "no frame came back: is there a reflecting port behind the device?";
            } else if (!net.tally.firstProblem.isEmpty()) {
                problem = net.tally.firstProblem;
            } else if (lost > 0) {
                problem = lost + " frames were lost";
            }
        }
        if (blk != null) {
            blk.frontEnd.stop();
            if (!blk.tally.firstProblem.isEmpty()) {
                problem = blk.tally.firstProblem;
            }
        }
        return problem;
    }
}
