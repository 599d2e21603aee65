package dev.cipu.bench.overhead;

import dev.cipu.bench.overhead.Figure.Mark;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each way took for an operation of each work. A host pays for the driver's work and, unless a card has it, for the
 * device. What it pays beyond the driver's work without any device is the cost of virtualization.
 */
final class Accounts {
    /** Processor time that the host spends on an operation. */
    static final String HOST = "hostNanosPerOp";

    /** The same with the time in which a polling driver waits. */
    static final String HOST_TOTAL = "hostTotalNanosPerOp";

    /** In which a polling driver looked in vain. */
    static final String WAITING = "waitingNanosPerOp";

    static final String CARD = "cardNanosPerOp";
    static final String HOST_SECONDS = "hostSecondsPerMillion";
    static final String HOST_TOTAL_SECONDS = "hostTotalSecondsPerMillion";
    static final String CARD_SECONDS = "cardSecondsPerMillion";

    /** {@link #HOST} beyond the driver's own. */
    static final String COST = "costNanosPerOp";

    /** {@link #COST} in percent of what the way with interrupts costs. */
    static final String COST_SHARE = "costPercentOfInterrupt";

    private static final Map<String, Field> FIELDS = fields();

    /** How a sample's field is called for people. */
    private record Field(String title, String unit) {}

    private final Ledger ledger;
    private final TurnLog log;

    Accounts(Ledger ledger, TurnLog log) {
        this.ledger = ledger;
        this.log = log;
    }

    private static Map<String, Field> fields() {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put(Measured.OPS_RATE, new Field("Operations", "1/s"));
        fields.put(Measured.PACKET_RATE, new Field("Packets", "packets/s"));
        fields.put(Measured.REQUEST_RATE, new Field("I/Os", "I/Os/s"));
        for (String kind : List.of(Measured.PACKET, Measured.REQUEST)) {
            fields.put(kind + Measured.P50, new Field("Latency of a " + kind + ", median", "us"));
            fields.put(kind + Measured.P99, new Field("Latency of a " + kind + ", 99 %", "us"));
            fields.put(kind + Measured.P999, new Field("Latency of a " + kind + ", 99.9 %", "us"));
        }
        fields.put(Measured.DRIVER_WORK, new Field("Driver's processor time, waiting left out", "ns/op"));
        fields.put(Measured.DRIVER_CPU, new Field("Driver's processor time", "ns/op"));
        fields.put(Measured.DEVICE_CPU, new Field("Device's processor time", "ns/op"));
        fields.put(Measured.DRIVER_CORES, new Field("Processors that the driver works", "cores"));
        fields.put(Measured.DEVICE_CORES, new Field("Processors that the device takes", "cores"));
        fields.put(Measured.KICKS, new Field("Kicks", "1/op"));
        fields.put(Measured.CALLS, new Field("Calls", "1/op"));
        fields.put(Measured.SWITCHES, new Field("Context switches", "1/op"));
        fields.put(Measured.DRIVER_BYTES, new Field("Bytes that the driver allocated", "B/op"));
        fields.put(Measured.DEVICE_BYTES, new Field("Bytes that the device allocated", "B/op"));
        fields.put(Measured.DRIVER_MISSES, new Field("Cache misses of the driver", "1/op"));
        fields.put(Measured.DEVICE_MISSES, new Field("Cache misses of the device", "1/op"));
        return fields;
    }

    /** The id of a figure of one work done in one way. */
    static String id(Work work, Way way, String figure) {
        return work.name() + "/" + way.id() + "/" + figure;
    }

    /** Enters all works and ways that were measured. */
    void enter(List<Work> works) {
        for (Work work : works) {
            for (Way way : Way.values()) {
                if (!log.counting(work, way.measuredAs()).isEmpty()) {
                    enter(work, way);
                }
            }
            for (Way way : Way.values()) {
                compare(work, way);
            }
        }
    }

    private void enter(Work work, Way way) {
        String of = work.name() + ", " + way.title() + ": ";
        FIELDS.forEach((name, field) -> {
            Map<Integer, Double> samples = log.field(work, way.measuredAs(), name);
            if (!samples.isEmpty()) {
                ledger.measured(id(work, way, name), of + field.title(), field.unit(), samples, name);
            }
        });
        String driver = id(work, way, Measured.DRIVER_WORK);
        String total = id(work, way, Measured.DRIVER_CPU);
        String device = id(work, way, Measured.DEVICE_CPU);
        if (way.hostDevice()) {
            derive(work, way, HOST, of + "Host processor time", "ns/op", "w + d", Map.of("w", driver, "d", device));
            derive(
                    work,
                    way,
                    HOST_TOTAL,
                    of + "Host processor time with waiting",
                    "ns/op",
                    "w + d",
                    Map.of("w", total, "d", device));
        } else {
            derive(work, way, HOST, of + "Host processor time", "ns/op", "w", Map.of("w", driver));
            derive(work, way, HOST_TOTAL, of + "Host processor time with waiting", "ns/op", "w", Map.of("w", total));
            derive(work, way, CARD, of + "Card's processor time", "ns/op", "d", Map.of("d", device));
            derive(
                    work,
                    way,
                    CARD_SECONDS,
                    of + "Card's processor time",
                    "s for a million",
                    "c / 1000",
                    Map.of("c", id(work, way, CARD)));
        }
        derive(
                work,
                way,
                HOST_SECONDS,
                of + "Host processor time",
                "s for a million",
                "h / 1000",
                Map.of("h", id(work, way, HOST)));
        derive(
                work,
                way,
                HOST_TOTAL_SECONDS,
                of + "Host processor time with waiting",
                "s for a million",
                "h / 1000",
                Map.of("h", id(work, way, HOST_TOTAL)));
        derive(
                work,
                way,
                WAITING,
                of + "Driver's processor time, waiting",
                "ns/op",
                "max(t - w, 0)",
                Map.of("t", total, "w", driver));
        Copies.enter(ledger, work, way);
    }

    private void compare(Work work, Way way) {
        String host = id(work, way, HOST);
        String bare = id(work, Way.BARE, HOST);
        if (way == Way.BARE || !ledger.has(host) || !ledger.has(bare)) {
            return;
        }
        String of = work.name() + ", " + way.title() + ": ";
        derive(work, way, COST, of + "Cost of virtualization", "ns/op", "h - b", Map.of("h", host, "b", bare));
        String interrupt = id(work, Way.INTERRUPT, HOST);
        if (ledger.has(interrupt)) {
            derive(
                    work,
                    way,
                    COST_SHARE,
                    of + "Its cost against that with interrupts",
                    "%",
                    "100 * (h - b) / (i - b)",
                    Map.of("h", host, "b", bare, "i", interrupt));
        }
    }

    private void derive(
            Work work, Way way, String figure, String title, String unit, String formula, Map<String, String> inputs) {
        ledger.derived(id(work, way, figure), title, unit, Mark.MEASURED, formula, inputs);
    }
}
