package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.shim.load.GuestLoadResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A report from made-up samples, put together by all that puts a real one together. */
final class MadeUpReport {
    static final Work PACKETS = new Work("packets-64B", new Work.Packets(64, 0), null);
    static final Work READS = new Work("reads", null, new Work.Requests("randread", 4096, 32));
    static final Work BOTH = new Work("both", new Work.Packets(256, 64), new Work.Requests("randrw", 4096, 8));

    /** Three rounds differ by this. */
    private static final double[] NOISE = {1, 1.07, 0.95};

    private static final double NEAR = 60;
    private static final double NANOS = 1e9;

    /** What a way takes for a packet, in nanoseconds, and how often it notifies. */
    private record Takes(double work, double waiting, double device, double latency, double notifications) {}

    private static final Map<Way, Takes> TAKES = Map.of(
            Way.BARE, new Takes(85, 10, 60, 4_000, 0),
            Way.CARD, new Takes(88, 14, 112, 7_000, 0),
            Way.POLL_PEER, new Takes(96, 25, 130, 9_000, 0),
            Way.INTERRUPT, new Takes(310, 0, 480, 26_000, 0.06),
            Way.VMM, new Takes(21_000, 0, 9_000, 310_000, 0));

    private final Ledger ledger = new Ledger();
    private final TurnLog log = new TurnLog();
    private final List<Work> works;
    private final Set<Way> ways;
    private final String text;

    /**
     * @param ways those that are measured
     * @param text stands wherever a report has words of others in it
     */
    private MadeUpReport(List<Work> works, Set<Way> ways, String text) {
        this.works = works;
        this.ways = ways;
        this.text = text;
    }

    /** Everything there can be. */
    static OverheadReport whole() {
        return new MadeUpReport(List.of(PACKETS, READS, BOTH), TAKES.keySet(), "a text").report();
    }

    /** Reads alone, no other people's programs. */
    static OverheadReport small(String text) {
        return new MadeUpReport(List.of(READS), Set.of(Way.BARE, Way.CARD, Way.INTERRUPT), text).report();
    }

    private OverheadReport report() {
        Published published = Published.read();
        published.enter(ledger);
        Map<Work, Map<Way, String>> leftOut = new HashMap<>();
        for (Work work : works) {
            leftOut.put(work, ways.contains(Way.VMM) ? Map.of() : Map.of(Way.VMM, "left out: " + text));
            for (Way way : Way.values()) {
                if (ways.contains(way) && (way != Way.POLL_PEER || !work.equals(BOTH))) {
                    rounds(work, way);
                }
            }
        }
        festival();
        new Accounts(ledger, log).enter(works);
        Levels.enter(ledger, log, works);
        Festival.enter(ledger, log);
        new ServerModel(ledger, published.instance(2))
                .enter(32, works.contains(PACKETS) ? PACKETS : null, works.contains(READS) ? READS : null);
        return new OverheadReport.Builder(ledger, log, works)
                .build(
                        new MachineFacts("processor of " + text, 2, 1, 0, "Linux 6", "25", 0, 2048, 0.5, 1.5, 0.1),
                        "./cipu bench overhead --works '" + text + "'",
                        List.of("missing: " + text),
                        List.of("warning: " + text),
                        leftOut,
                        profiles());
    }

    private void rounds(Work work, Way way) {
        for (int round = 1; round <= NOISE.length; round++) {
            add(Turn.Kind.ROUND, work, way, round, measured(work, way, NOISE[round - 1]));
        }
        if (way != Way.VMM && !work.equals(BOTH)) {
            for (int percent : Levels.PERCENTS) {
                double rate = 5_000.0 * percent;
                Takes takes = takes(way);
                Map<String, Double> figures = Map.of(
                        Measured.OPS_RATE,
                        rate,
                        Measured.DRIVER_CORES,
                        rate * takes.work() / NANOS,
                        Measured.DEVICE_CORES,
                        way == Way.CARD ? 1 : rate * takes.device() / NANOS);
                add(Turn.Kind.LEVEL, work, way, percent, of(figures));
            }
        }
    }

    private static Takes takes(Way way) {
        Takes takes = TAKES.get(way);
        if (takes == null) {
            throw new IllegalArgumentException(way + " is not made up");
        }
        return takes;
    }

    private void add(Turn.Kind kind, Work work, Way way, int round, Measured measured) {
        log.add(kind, work, way, round, measured, NEAR, NEAR);
    }

    private static Measured of(Map<String, Double> figures) {
        return new Measured(figures, List.of(), List.of(), Map.of(), Map.of());
    }

    private static Measured measured(Work work, Way way, double noise) {
        Takes takes = takes(way);
        double times = noise * (work.packets() == null ? 2 : 1);
        double rate = NANOS / (times * Math.max(takes.work() + takes.waiting(), takes.device()));
        Map<String, Double> figures = new HashMap<>();
        figures.put(Measured.OPS_RATE, rate);
        figures.put(Measured.DRIVER_WORK, takes.work() * times);
        figures.put(Measured.DRIVER_CPU, (takes.work() + takes.waiting()) * times);
        figures.put(Measured.DEVICE_CPU, takes.device() * times);
        figures.put(Measured.DRIVER_CORES, rate * takes.work() * times / NANOS);
        figures.put(Measured.DEVICE_CORES, rate * takes.device() * times / NANOS);
        figures.put(Measured.SWITCHES, takes.notifications() + 0.000_06 * noise);
        if (way != Way.VMM) {
            figures.put(Measured.KICKS, takes.notifications());
            figures.put(Measured.CALLS, takes.notifications());
            figures.put(Measured.DRIVER_BYTES, 0.02 * noise);
        }
        if (work.packets() != null) {
            latency(figures, Measured.PACKET, takes.latency() * noise);
            figures.put(Measured.PACKET_RATE, rate);
        }
        if (work.requests() != null) {
            latency(figures, Measured.REQUEST, takes.latency() * noise);
            figures.put(Measured.REQUEST_RATE, rate);
        }
        List<GuestLoadResult.Point> curve = curve(takes.latency() * noise);
        return new Measured(
                figures,
                work.packets() == null ? List.of() : curve,
                work.requests() == null ? List.of() : curve,
                Map.of(),
                Map.of());
    }

    private static void latency(Map<String, Double> figures, String kind, double nanos) {
        figures.put(kind + Measured.P50, nanos / 1e3);
        figures.put(kind + Measured.P99, nanos * 3 / 1e3);
        figures.put(kind + Measured.P999, nanos * 20 / 1e3);
    }

    private static List<GuestLoadResult.Point> curve(double nanos) {
        List<GuestLoadResult.Point> points = new ArrayList<>();
        for (double beyond = 1; beyond > 1e-5; beyond /= 2) {
            points.add(new GuestLoadResult.Point((long) (nanos * Math.pow(beyond, -0.4)), 1 - beyond));
        }
        points.add(new GuestLoadResult.Point((long) (nanos * 200), 1));
        return points;
    }

    private void festival() {
        for (Way way : List.of(Way.BARE, Way.CARD, Way.INTERRUPT)) {
            Map<String, Double> figures = new HashMap<>();
            for (String phase : Festival.phases()) {
                double crowded = phase.equals(Festival.PEAK) ? 12 : 1;
                for (String kind : List.of(Measured.PACKET, Measured.REQUEST)) {
                    figures.put(Measured.phase(phase, kind, Measured.OFFERED), 1_000 * crowded);
                    figures.put(Measured.phase(phase, kind, Measured.DONE), 999 * crowded);
                    figures.put(Measured.phase(phase, kind, Measured.LATE), crowded * crowded);
                    figures.put(
                            Measured.phase(phase, kind, Measured.P99),
                            takes(way).latency() * crowded / 1e3);
                }
            }
            add(Turn.Kind.FESTIVAL, Festival.WORK, way, 1, of(figures));
        }
    }

    private List<Overhead.Profile> profiles() {
        Map<String, Integer> samples = Map.of(
                "dev.cipu.virtio.driver.NetDriver.send",
                68,
                "dev.cipu.shim.posix.EventFd.signal",
                21,
                "dev.cipu.shim.load.GuestLoad.drive",
                9,
                "a method of " + text,
                4);
        return List.of(
                new Overhead.Profile(works.getFirst().name(), Way.CARD.id(), "driver", samples),
                new Overhead.Profile(works.getFirst().name(), Way.INTERRUPT.id(), "device", samples));
    }
}
