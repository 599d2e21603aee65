package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.overhead.Figure.Mark;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.report.Progress;
import dev.cipu.shim.load.OrderPlan;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What each way takes when it is not at its limit: a queue of an instance gets part of what the instance may use. Notifications are
 * shared by few operations then, so that those which are paid by the notification cost more.
 */
final class Levels {
    /** Percent of an instance's limits. */
    static final List<Integer> PERCENTS = List.of(10, 25, 50, 100);

    /** The level at which a way does as much as it can. */
    static final String BUSIEST = "busiest";

    /** Of what a way can do it gets no more than this: it must not fall behind. */
    private static final double MOST = 0.9;

    private static final double WHOLE = 100;

    private final Published.Instance instance;
    private final PlacementProbe probe;
    private final Progress progress;
    private final double seconds;

    /**
     * @param instance whose limits they are
     * @param seconds of each level
     */
    Levels(Published.Instance instance, PlacementProbe probe, Progress progress, double seconds) {
        this.instance = instance;
        this.probe = probe;
        this.progress = progress;
        this.seconds = seconds;
    }

    /** Measures all levels of these works; a level's round is its percent. */
    void run(List<Work> works, List<Stand> stands, TurnLog log) throws IOException, InterruptedException {
        for (Work work : works) {
            double limit = (work.packets() == null ? instance.iops() : instance.packetsPerSecond()) / instance.queues();
            for (Stand stand : stands) {
                double most = MOST
                        * Median.of(
                                log.field(work, stand.way(), Measured.OPS_RATE).values());
                if (stand.refusal(work) == null && stand.way() != Way.VMM && most > 0) {
                    for (int percent : PERCENTS) {
                        progress.show(work.name() + ", " + stand.way().title() + " at " + percent
                                + " % of an instance's limit");
                        level(work, stand, percent, Math.min(most, limit * percent / WHOLE), log);
                    }
                }
            }
        }
    }

    private void level(Work work, Stand stand, int percent, double rate, TurnLog log)
            throws IOException, InterruptedException {
        OrderPlan orders = OrderPlan.steady(seconds, rate, work.packets() != null, work.requests() != null);
        double before = probe.read().best();
        Measured measured = stand.measure(work, new RunLength(seconds / 2, seconds), orders, false);
        log.add(
                Turn.Kind.LEVEL,
                work,
                stand.way(),
                percent,
                measured,
                before,
                probe.read().best());
    }

    /** The id of a figure of one level. */
    static String id(Work work, Way way, String level, String figure) {
        return "level/" + work.name() + "/" + way.id() + "/" + level + "/" + figure;
    }

    /** Enters rates, host processors and costs of all levels, and the first two at the busiest. */
    static void enter(Ledger ledger, TurnLog log, List<Work> works) {
        for (Work work : works) {
            for (Way way : Way.values()) {
                for (Turn turn : log.all()) {
                    if (turn.kind() == Turn.Kind.LEVEL && turn.work().equals(work) && turn.way() == way.measuredAs()) {
                        enter(ledger, way, turn);
                    }
                }
                busiest(ledger, work, way);
            }
            for (Way way : Way.values()) {
                PERCENTS.forEach(percent -> cost(ledger, work, way, Integer.toString(percent)));
            }
        }
    }

    private static void enter(Ledger ledger, Way way, Turn turn) {
        String level = Integer.toString(turn.round());
        enter(ledger, way, turn, level, "rate", Measured.OPS_RATE, "1/s");
        enter(ledger, way, turn, level, "driver", Measured.DRIVER_CORES, "cores");
        enter(ledger, way, turn, level, "device", Measured.DEVICE_CORES, "cores");
        Work work = turn.work();
        cores(ledger, work, way, level, id(work, way, level, "driver"), id(work, way, level, "device"));
    }

    private static void enter(
            Ledger ledger, Way way, Turn turn, String level, String figure, String field, String unit) {
        ledger.measured(
                id(turn.work(), way, level, figure),
                title(turn.work(), way, level) + figure,
                unit,
                Map.of(turn.number(), turn.measured().figures().getOrDefault(field, 0.0)),
                field);
    }

    private static void busiest(Ledger ledger, Work work, Way way) {
        String rate = Accounts.id(work, way, Measured.OPS_RATE);
        if (ledger.has(rate)) {
            ledger.derived(
                    id(work, way, BUSIEST, "rate"),
                    title(work, way, BUSIEST) + "rate",
                    "1/s",
                    Mark.MEASURED,
                    "r",
                    Map.of("r", rate));
            cores(
                    ledger,
                    work,
                    way,
                    BUSIEST,
                    Accounts.id(work, way, Measured.DRIVER_CORES),
                    Accounts.id(work, way, Measured.DEVICE_CORES));
        }
    }

    private static void cores(Ledger ledger, Work work, Way way, String level, String driver, String device) {
        ledger.derived(
                id(work, way, level, "hostCores"),
                title(work, way, level) + "host processors",
                "cores",
                Mark.MEASURED,
                way.hostDevice() ? "w + d" : "w",
                way.hostDevice() ? Map.of("w", driver, "d", device) : Map.of("w", driver));
    }

    /** As in {@link Accounts}: what the host pays beyond what it pays bare at the same level. */
    private static void cost(Ledger ledger, Work work, Way way, String level) {
        String cores = id(work, way, level, "hostCores");
        String bare = id(work, Way.BARE, level, "hostCores");
        if (way != Way.BARE && ledger.has(cores) && ledger.has(bare)) {
            ledger.derived(
                    id(work, way, level, Accounts.COST),
                    title(work, way, level) + "cost of virtualization",
                    "ns/op",
                    Mark.MEASURED,
                    "1e9 * (h / r - b / s)",
                    Map.of(
                            "h",
                            cores,
                            "r",
                            id(work, way, level, "rate"),
                            "b",
                            bare,
                            "s",
                            id(work, Way.BARE, level, "rate")));
        }
    }

    private static String title(Work work, Way way, String level) {
        String at = level.equals(BUSIEST) ? " at its busiest: " : " at " + level + " % of an instance's limit: ";
        return work.name() + ", " + way.title() + at;
    }
}
