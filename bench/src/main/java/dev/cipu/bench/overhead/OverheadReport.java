package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.machine.Median;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.report.Sample;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The whole report, as the JSON has it: the contract of all benchmarks, and what belongs to this one.
 *
 * @param machine where
 * @param cases the host's processor time with a card against each other way
 * @param overhead everything else
 */
record OverheadReport(MachineFacts machine, List<CaseResult> cases, Overhead overhead) {
    /** Most that a card may cost of what interrupts cost, in percent. */
    static final double MOST_OF_INTERRUPT = 2;

    /** Makes it of what was measured. */
    static final class Builder {
        private final Ledger ledger;
        private final TurnLog log;
        private final List<Work> works;

        Builder(Ledger ledger, TurnLog log, List<Work> works) {
            this.ledger = ledger;
            this.log = log;
            this.works = works;
        }

        OverheadReport build(
                MachineFacts machine,
                String command,
                List<String> missing,
                List<String> warnings,
                Map<Work, Map<Way, String>> leftOut,
                List<Overhead.Profile> profiles) {
            List<Way> ways = ways();
            return new OverheadReport(
                    machine,
                    cases(ways),
                    new Overhead(
                            command,
                            ways.stream().map(Builder::row).toList(),
                            works.stream()
                                    .map(work -> row(work, leftOut.getOrDefault(work, Map.of())))
                                    .toList(),
                            missing,
                            warnings,
                            verdicts(),
                            log.placement().label(),
                            ledger.all(),
                            log.all().stream().map(this::row).toList(),
                            curves(ways),
                            profiles));
        }

        private List<Way> ways() {
            List<Way> measured = new ArrayList<>();
            for (Way way : Way.values()) {
                if (works.stream().anyMatch(work -> ledger.has(Accounts.id(work, way, Accounts.HOST)))) {
                    measured.add(way);
                }
            }
            return measured;
        }

        private static Overhead.WayRow row(Way way) {
            return new Overhead.WayRow(
                    way.id(),
                    way.title(),
                    way.description(),
                    way.hostDevice(),
                    way.measuredAs().id());
        }

        private static Overhead.WorkRow row(Work work, Map<Way, String> leftOut) {
            Map<String, String> why = new LinkedHashMap<>();
            leftOut.forEach((way, reason) -> why.put(way.id(), reason));
            return new Overhead.WorkRow(work.name(), work.operations(), work, why);
        }

        private Overhead.SampleRow row(Turn turn) {
            return new Overhead.SampleRow(
                    turn.number(),
                    turn.kind().label(),
                    turn.work().name(),
                    turn.way().id(),
                    turn.round(),
                    turn.measured().figures(),
                    Median.rounded(turn.roundTripBefore(), 1),
                    Median.rounded(turn.roundTripAfter(), 1),
                    turn.placement().label(),
                    turn.kind() != Turn.Kind.ROUND || log.counts(turn));
        }

        private List<Overhead.Verdict> verdicts() {
            List<Overhead.Verdict> verdicts = new ArrayList<>();
            for (Work work : works) {
                String share = Accounts.id(work, Way.CARD, Accounts.COST_SHARE);
                if (ledger.has(share)) {
                    verdicts.add(new Overhead.Verdict(
                            work.name() + ": with a card the host pays at most 2 % of what interrupts cost it",
                            share,
                            ledger.value(share) <= MOST_OF_INTERRUPT));
                }
                for (String notification : List.of(Measured.KICKS, Measured.CALLS)) {
                    String count = Accounts.id(work, Way.CARD, notification);
                    if (ledger.has(count)) {
                        String what = notification.equals(Measured.KICKS) ? "kicks" : "calls";
                        verdicts.add(new Overhead.Verdict(
                                work.name() + ": no " + what + " while driver and card poll",
                                count,
                                ledger.value(count) == 0));
                    }
                }
            }
            return verdicts;
        }

        /** For each work and way but the card's: what the host pays with a card, against what it pays that way. */
        private List<CaseResult> cases(List<Way> ways) {
            List<CaseResult> cases = new ArrayList<>();
            for (Work work : works) {
                for (Way way : ways) {
                    String ours = Accounts.id(work, Way.CARD, Accounts.HOST);
                    String theirs = Accounts.id(work, way, Accounts.HOST);
                    if (way != Way.CARD && way != Way.BARE && ledger.has(ours) && ledger.has(theirs)) {
                        cases.add(oneCase(work, way, ledger.value(ours), ledger.value(theirs)));
                    }
                }
            }
            return cases;
        }

        private CaseResult oneCase(Work work, Way way, double ours, double theirs) {
            Metric metric = new Metric("overhead/" + work.name() + "/" + way.id(), "host ns/op", Accounts.HOST, false);
            List<Sample> samples = new ArrayList<>();
            for (Turn turn : log.all()) {
                if (turn.kind() == Turn.Kind.ROUND && turn.work().equals(work)) {
                    if (turn.way() == way.measuredAs()) {
                        samples.add(sample(turn, Sample.PEER, way.hostDevice()));
                    }
                    if (turn.way() == Way.CARD) {
                        samples.add(sample(turn, Sample.OURS, false));
                    }
                }
            }
            return new CaseResult(
                    metric.caseName(),
                    metric.unit(),
                    Median.rounded(ours, 3),
                    Median.rounded(theirs, 3),
                    way.title(),
                    Median.rounded(metric.ratio(ours, theirs), 3),
                    samples,
                    log.placement().label(),
                    metric.figure(),
                    metric.moreIsBetter());
        }

        private Sample sample(Turn turn, String side, boolean hostDevice) {
            Map<String, Double> figures = new HashMap<>();
            double work = Objects.requireNonNull(turn.measured().figures().get(Measured.DRIVER_WORK));
            double device = Objects.requireNonNull(turn.measured().figures().get(Measured.DEVICE_CPU));
            figures.put(Accounts.HOST, hostDevice ? work + device : work);
            return new Sample(
                    side,
                    turn.round(),
                    figures,
                    Median.rounded(turn.roundTripBefore(), 1),
                    Median.rounded(turn.roundTripAfter(), 1),
                    turn.placement().label(),
                    log.counts(turn));
        }

        private List<Overhead.Curve> curves(List<Way> ways) {
            List<Overhead.Curve> curves = new ArrayList<>();
            for (Work work : works) {
                for (Way way : ways) {
                    if (way.measuredAs() == way) {
                        curve(work, way, Measured.PACKET, curves);
                        curve(work, way, Measured.REQUEST, curves);
                    }
                }
            }
            return curves;
        }

        private void curve(Work work, Way way, String operation, List<Overhead.Curve> into) {
            List<Turn> turns = log.counting(work, way).stream()
                    .filter(turn -> turn.measured().figures().containsKey(operation + Measured.P50))
                    .sorted(Comparator.comparing(turn ->
                            Objects.requireNonNull(turn.measured().figures().get(operation + Measured.P50))))
                    .toList();
            if (!turns.isEmpty()) {
                Turn middle = turns.get(turns.size() / 2);
                into.add(new Overhead.Curve(
                        work.name(),
                        way.id(),
                        operation,
                        middle.number(),
                        operation.equals(Measured.PACKET)
                                ? middle.measured().packetCurve()
                                : middle.measured().requestCurve()));
            }
        }
    }
}
