package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.overhead.Figure.Mark;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.report.Progress;
import dev.cipu.shim.load.OrderPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A load shaped like the Double 11, the shopping festival that the real card was built for: a quiet day, sixty times as many
 * orders from one moment to the next, and a long tail. Orders come when they come; what a way cannot do in time is
 * late or left undone.
 */
final class Festival {
    static final String QUIET = "quiet";
    static final String PEAK = "peak";

    /** What an order is: two calls of a service there and back, and a read of its database. */
    private static final int PACKETS = 4;

    private static final int REQUESTS = 1;
    static final Work WORK = new Work("double-11", new Work.Packets(256, 0), new Work.Requests("randread", 4096, 64));

    private static final double STEP = 60;

    /** Slower than this an order counts as lost. */
    private static final long LATE_NANOS = 1_000_000;

    /** Of what the card did at its busiest: a card is not bought to be full at the peak. */
    private static final double HEADROOM = 0.6;

    private static final int[] TAIL = {2, 4, 8, 16};

    private static final String CAPACITY = "double-11/capacity/orders";
    private static final String PEAK_RATE = "double-11/peak/orders";

    private final PlacementProbe probe;
    private final Progress progress;
    private final double scale;
    private final int repeats;

    /**
     * @param scale of all times
     * @param repeats how often each way meets it
     */
    Festival(PlacementProbe probe, Progress progress, double scale, int repeats) {
        this.probe = probe;
        this.progress = progress;
        this.scale = scale;
        this.repeats = repeats;
    }

    /** Lets every way that can meet the orders; what comes out is in the log. */
    void run(List<Stand> stands, TurnLog log, Ledger ledger) throws IOException, InterruptedException {
        List<Stand> able = stands.stream()
                .filter(stand -> stand.takesOrders() && stand.refusal(WORK) == null)
                .toList();
        Map<Integer, Double> packets = new TreeMap<>();
        Map<Integer, Double> requests = new TreeMap<>();
        for (Stand stand : able) {
            progress.show("Double 11: how much " + stand.way().title() + " can do");
            double before = probe.read().best();
            Measured measured = stand.measure(WORK, new RunLength(0.2 * scale, 0.5 * scale), null, false);
            Turn turn = log.add(
                    Turn.Kind.CAPACITY,
                    WORK,
                    stand.way(),
                    1,
                    measured,
                    before,
                    probe.read().best());
            if (stand.way() == Way.CARD) {
                packets.put(turn.number(), figure(measured, Measured.PACKET_RATE));
                requests.put(turn.number(), figure(measured, Measured.REQUEST_RATE));
            }
        }
        double peak = peak(ledger, packets, requests);
        for (int repeat = 1; repeat <= repeats; repeat++) {
            for (Stand stand : able) {
                progress.show("Double 11: " + stand.way().title() + ", " + repeat + " of " + repeats);
                double before = probe.read().best();
                Measured measured = stand.measure(WORK, new RunLength(0.2 * scale, 1), plan(peak), false);
                log.add(
                        Turn.Kind.FESTIVAL,
                        WORK,
                        stand.way(),
                        repeat,
                        measured,
                        before,
                        probe.read().best());
            }
        }
    }

    private static double figure(Measured measured, String name) {
        return measured.figures().getOrDefault(name, 0.0);
    }

    private static double peak(Ledger ledger, Map<Integer, Double> packets, Map<Integer, Double> requests) {
        ledger.measured(
                "double-11/capacity/packets",
                "Double 11: packets that the card moves at its busiest",
                "packets/s",
                packets,
                Measured.PACKET_RATE);
        ledger.measured(
                "double-11/capacity/requests",
                "Double 11: I/Os that the card does at its busiest",
                "I/Os/s",
                requests,
                Measured.REQUEST_RATE);
        ledger.derived(
                CAPACITY,
                "Double 11: orders that the card can do",
                "orders/s",
                Mark.MEASURED,
                "min(p / " + PACKETS + ", r / " + REQUESTS + ")",
                Map.of("p", "double-11/capacity/packets", "r", "double-11/capacity/requests"));
        ledger.derived(
                PEAK_RATE,
                "Double 11: orders at the peak, scaled to this machine",
                "orders/s",
                Mark.EXTRAPOLATED,
                "min(o, " + HEADROOM + " * c)",
                Map.of("o", "published/orders", "c", CAPACITY));
        return ledger.value(PEAK_RATE);
    }

    private OrderPlan plan(double peak) {
        List<OrderPlan.Phase> phases = new ArrayList<>();
        phases.add(new OrderPlan.Phase(QUIET, 0.6 * scale, peak / STEP));
        phases.add(new OrderPlan.Phase(PEAK, 0.6 * scale, peak));
        for (int part : TAIL) {
            phases.add(new OrderPlan.Phase(tail(part), 0.25 * scale, peak / part));
        }
        return new OrderPlan(phases, PACKETS, REQUESTS, LATE_NANOS);
    }

    private static String tail(int part) {
        return "tail-1-" + part;
    }

    /** Names of all phases, in order. */
    static List<String> phases() {
        List<String> names = new ArrayList<>(List.of(QUIET, PEAK));
        for (int part : TAIL) {
            names.add(tail(part));
        }
        return names;
    }

    /** The id of a figure of a phase as one way met it. */
    static String id(Way way, String phase, String figure) {
        return WORK.name() + "/" + way.id() + "/" + phase + "/" + figure;
    }

    /** Enters what each way made of each phase. */
    static void enter(Ledger ledger, TurnLog log) {
        for (Way way : Way.values()) {
            List<Turn> turns = log.all().stream()
                    .filter(turn -> turn.kind() == Turn.Kind.FESTIVAL && turn.way() == way.measuredAs())
                    .toList();
            if (!turns.isEmpty()) {
                phases().forEach(phase -> enter(ledger, way, phase, turns));
            }
        }
    }

    private static void enter(Ledger ledger, Way way, String phase, List<Turn> turns) {
        String of = "Double 11, " + way.title() + ", " + phase + ": ";
        for (String kind : List.of(Measured.PACKET, Measured.REQUEST)) {
            for (String figure : List.of(Measured.OFFERED, Measured.DONE, Measured.LATE, Measured.P99)) {
                String field = Measured.phase(phase, kind, figure);
                Map<Integer, Double> samples = new TreeMap<>();
                turns.forEach(turn -> samples.put(turn.number(), figure(turn.measured(), field)));
                String unit = figure.equals(Measured.P99) ? "us" : "";
                ledger.measured(
                        id(way, phase, kind + figure),
                        of + kind + " " + figure.toLowerCase(Locale.ROOT),
                        unit,
                        samples,
                        field);
            }
            ledger.derived(
                    id(way, phase, kind + "LostPercent"),
                    of + "part of the " + kind + "s that came late or not at all",
                    "%",
                    Mark.MEASURED,
                    "100 * (o - d + l) / max(o, 1)",
                    Map.of(
                            "o", id(way, phase, kind + Measured.OFFERED),
                            "d", id(way, phase, kind + Measured.DONE),
                            "l", id(way, phase, kind + Measured.LATE)));
        }
    }
}
