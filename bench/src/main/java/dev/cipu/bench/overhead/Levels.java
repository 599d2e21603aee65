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

/** How many host processors each way takes when it is not at its limit. */
final class Levels {
    /** Percent of what the way itself did at its busiest. */
    static final List<Integer> PERCENTS = List.of(10, 25, 50);

    private static final double WHOLE = 100;

    private final PlacementProbe probe;
    private final Progress progress;
    private final double seconds;

    /** @param seconds of each level */
    Levels(PlacementProbe probe, Progress progress, double seconds) {
        this.probe = probe;
        this.progress = progress;
        this.seconds = seconds;
    }

    /** Measures all levels of these works; a level's round is its percent. */
    void run(List<Work> works, List<Stand> stands, TurnLog log) throws IOException, InterruptedException {
        for (Work work : works) {
            for (Stand stand : stands) {
                double busiest = Median.of(
                        log.field(work, stand.way(), Measured.OPS_RATE).values());
                if (stand.refusal(work) == null && stand.way() != Way.VMM && busiest > 0) {
                    for (int percent : PERCENTS) {
                        progress.show(work.name() + ", " + stand.way().title() + " at " + percent + " %");
                        level(work, stand, percent, busiest, log);
                    }
                }
            }
        }
    }

    private void level(Work work, Stand stand, int percent, double busiest, TurnLog log)
            throws IOException, InterruptedException {
        OrderPlan orders =
                OrderPlan.steady(seconds, busiest * percent / WHOLE, work.packets() != null, work.requests() != null);
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
    static String id(Work work, Way way, int percent, String figure) {
        return "level/" + work.name() + "/" + way.id() + "/" + percent + "/" + figure;
    }

    /** Enters rates and host processors of all levels, and as the level of 100 those at the busiest. */
    static void enter(Ledger ledger, TurnLog log, List<Work> works) {
        for (Work work : works) {
            for (Way way : Way.values()) {
                for (Turn turn : log.all()) {
                    if (turn.kind() == Turn.Kind.LEVEL && turn.work().equals(work) && turn.way() == way.measuredAs()) {
                        enter(ledger, way, turn);
                    }
                }
                String rate = Accounts.id(work, way, Measured.OPS_RATE);
                if (ledger.has(rate)) {
                    ledger.derived(
                            id(work, way, 100, "rate"),
                            title(work, way, 100) + "operations",
                            "1/s",
                            Mark.MEASURED,
                            "r",
                            Map.of("r", rate));
                    cores(
                            ledger,
                            work,
                            way,
                            100,
                            Accounts.id(work, way, Measured.DRIVER_CORES),
                            Accounts.id(work, way, Measured.DEVICE_CORES));
                }
            }
        }
    }

    private static void enter(Ledger ledger, Way way, Turn turn) {
        Work work = turn.work();
        int percent = turn.round();
        enter(ledger, way, turn, "rate", Measured.OPS_RATE, "1/s");
        enter(ledger, way, turn, "driver", Measured.DRIVER_CORES, "cores");
        enter(ledger, way, turn, "device", Measured.DEVICE_CORES, "cores");
        cores(ledger, work, way, percent, id(work, way, percent, "driver"), id(work, way, percent, "device"));
    }

    private static void enter(Ledger ledger, Way way, Turn turn, String figure, String field, String unit) {
        ledger.measured(
                id(turn.work(), way, turn.round(), figure),
                title(turn.work(), way, turn.round()) + figure,
                unit,
                Map.of(turn.number(), turn.measured().figures().getOrDefault(field, 0.0)),
                field);
    }

    private static void cores(Ledger ledger, Work work, Way way, int percent, String driver, String device) {
        String formula = way.hostDevice() ? "w + d" : "w";
        ledger.derived(
                id(work, way, percent, "hostCores"),
                title(work, way, percent) + "host processors",
                "cores",
                Mark.MEASURED,
                formula,
                way.hostDevice() ? Map.of("w", driver, "d", device) : Map.of("w", driver));
    }

    private static String title(Work work, Way way, int percent) {
        return work.name() + ", " + way.title() + " at " + percent + " %: ";
    }
}
