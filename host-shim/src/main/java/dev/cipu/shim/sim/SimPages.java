package dev.cipu.shim.sim;

import dev.cipu.shim.sim.chart.BarChart;
import dev.cipu.shim.sim.chart.Page;
import dev.cipu.shim.sim.chart.StackChart;
import dev.cipu.sim.model.Load;
import dev.cipu.sim.model.Spread;
import java.util.List;
import java.util.stream.IntStream;

/** Runs, explanations and comparisons as pages with charts. */
public final class SimPages {
    private SimPages() {}

    /** A run. */
    public static Page of(Outcome outcome) {
        Page page = new Page(outcome.card() + ": " + outcome.workload());
        about(page, outcome);
        rates(page, List.of(outcome), List.of("this run"));
        page.heading("Where the time goes").chart(stack(List.of(outcome), List.of("mean")));
        stages(page, outcome);
        loads(page, outcome);
        return page;
    }

    /** An explanation. */
    public static Page of(Explanation explanation) {
        Outcome full = explanation.full();
        Outcome light = explanation.light();
        Page page = new Page(full.card() + ": " + full.workload() + ", explained").paragraph(explanation.sentence());
        about(page, full);
        rates(page, List.of(full, light), List.of("full load", "light load"));
        loads(page, full);
        page.heading("Where the time goes")
                .chart(stack(List.of(light), List.of("light load")))
                .chart(stack(List.of(full), List.of("full load")));
        stages(page, light);
        page.heading("What decides")
                .paragraph("Each figure was tried twice as large, or half where it says so, alone. "
                        + ExplanationText.legend())
                .table(
                        List.of("figure", "value", "mark", "tried", "throughput", "latency", "evidence"),
                        explanation.figures().stream()
                                .map(each -> List.of(
                                        each.parameter(),
                                        each.value() + " " + each.unit(),
                                        each.mark(),
                                        "x" + Amounts.plain(each.factor()),
                                        Amounts.change(each.throughput()),
                                        Amounts.change(each.latency()),
                                        each.evidence()))
                                .toList());
        return page;
    }

    /** A comparison. */
    public static Page of(Comparison comparison) {
        List<Comparison.Row> rows = comparison.rows();
        Page page = new Page("Cards compared: " + comparison.workload());
        double most = rows.stream().mapToDouble(Comparison.Row::most).max().orElse(0);
        page.heading("At most, a second")
                .chart(BarChart.of(
                        rows.stream()
                                .map(each -> new BarChart.Bar(
                                        each.card(), each.most(), Amounts.count(each.most()) + ", " + each.binding()))
                                .toList(),
                        most));
        page.heading("At " + Amounts.count(comparison.perSecond()) + " " + comparison.kind() + " a second")
                .table(
                        List.of("card", "p50", "p99", "host cores", "guests' cores", "host cores saved"),
                        rows.stream()
                                .map(each -> List.of(
                                        each.card(),
                                        Amounts.nanos(each.latencyNanos().p50()),
                                        Amounts.nanos(each.latencyNanos().p99()),
                                        Amounts.digits(each.hostCores()),
                                        Amounts.digits(each.guestCores()),
                                        Amounts.digits(each.hostCoresSaved())))
                                .toList());
        return page;
    }

    private static void about(Page page, Outcome outcome) {
        page.paragraph(OutcomeText.describe(outcome.traffic()) + "; seed " + outcome.seed() + ", "
                + Amounts.nanos(outcome.durationNanos()) + " of virtual time.");
        if (!outcome.set().isEmpty()) {
            page.paragraph("Set: " + String.join(", ", outcome.set()) + ".");
        }
    }

    private static void rates(Page page, List<Outcome> outcomes, List<String> names) {
        List<String> head = List.of(
                "",
                "a second",
                "Gb/s",
                "p50",
                "p99",
                "p99.99",
                "guests' cores",
                "host cores",
                "PCIe bytes up, down",
                "ring round trips",
                "IOTLB misses");
        page.table(
                head,
                IntStream.range(0, outcomes.size())
                        .mapToObj(i -> rate(names.get(i), outcomes.get(i)))
                        .toList());
    }

    private static List<String> rate(String name, Outcome outcome) {
        Spread spread = outcome.latencyNanos();
        Outcome.Cost cost = outcome.cost();
        return List.of(
                name,
                Amounts.count(outcome.perSecond()),
                Amounts.digits(outcome.gigabitsPerSecond()),
                Amounts.nanos(spread.p50()),
                Amounts.nanos(spread.p99()),
                Amounts.nanos(spread.p9999()),
                Amounts.digits(cost.guestCores()),
                Amounts.digits(cost.hostCores()),
                Amounts.digits(cost.linkBytesToHostEach()) + ", " + Amounts.digits(cost.linkBytesToCardEach()),
                Amounts.digits(cost.roundTripsEach()),
                Amounts.digits(cost.iotlbMissesEach()));
    }

    private static String stack(List<Outcome> outcomes, List<String> names) {
        return StackChart.of(
                IntStream.range(0, outcomes.size())
                        .mapToObj(i -> new StackChart.Row(
                                names.get(i),
                                outcomes.get(i).stages().stream()
                                        .map(each -> new StackChart.Segment(each.name(), each.meanNanos()))
                                        .toList()))
                        .toList(),
                Amounts::nanos);
    }

    private static void stages(Page page, Outcome outcome) {
        page.table(
                List.of("part", "what it is", "mean", "p50", "p99", "p99.99"),
                outcome.stages().stream()
                        .map(each -> List.of(
                                each.name(),
                                each.meaning(),
                                Amounts.nanos(each.meanNanos()),
                                Amounts.nanos(each.latencyNanos().p50()),
                                Amounts.nanos(each.latencyNanos().p99()),
                                Amounts.nanos(each.latencyNanos().p9999())))
                        .toList());
    }

    private static void loads(Page page, Outcome outcome) {
        page.heading("What is used, and the ceiling it sets")
                .chart(BarChart.of(
                        outcome.loads().stream()
                                .map((Load each) -> new BarChart.Bar(
                                        each.name(),
                                        each.use(),
                                        Amounts.percent(each.use()) + ", " + Amounts.count(each.ceiling()) + "/s"))
                                .toList(),
                        1));
    }
}
