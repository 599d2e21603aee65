package dev.cipu.shim.replay.model;

import dev.cipu.shim.sim.Amounts;
import dev.cipu.shim.sim.chart.BarChart;
import dev.cipu.shim.sim.chart.Page;
import dev.cipu.shim.sim.chart.StackChart;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Spread;
import java.util.ArrayList;
import java.util.List;

/** A replay as a page with charts. */
public final class ReplayPage {
    private ReplayPage() {}

    public static Page of(ReplayReport report) {
        Page page = new Page("Replayed: " + report.trace())
                .paragraph(report.pace() + "; " + Amounts.nanos(report.seconds() * 1e9) + " of the recording, seed "
                        + report.seed() + ".");
        report.recorded().forEach(each -> operation(page, report, each));
        for (CardOutcome card : report.cards()) {
            page.heading("What is used of " + card.card())
                    .chart(BarChart.of(
                            card.loads().stream()
                                    .map(each -> new BarChart.Bar(each.name(), each.use(), Amounts.percent(each.use())))
                                    .toList(),
                            1));
        }
        return page;
    }

    private static void operation(Page page, ReplayReport report, ReplayReport.Recorded recorded) {
        Operation operation = recorded.operation();
        List<List<String>> rows = new ArrayList<>();
        rows.add(row("recorded", recorded.count(), 0, recorded.perSecond(), recorded.latencyNanos()));
        List<StackChart.Row> stacks = new ArrayList<>();
        for (CardOutcome card : report.cards()) {
            CardOutcome.Done done = card.done(operation);
            if (done == null || done.latencyNanos() == null) {
                continue;
            }
            rows.add(row(card.card(), done.count(), done.dropped(), done.perSecond(), done.latencyNanos()));
            stacks.add(new StackChart.Row(
                    card.card(),
                    done.stages().stream()
                            .map(each -> new StackChart.Segment(each.name(), each.meanNanos()))
                            .toList()));
        }
        page.heading(operation.plural())
                .table(List.of("", "count", "found no room", "a second", "p50", "p99", "p99.99"), rows);
        if (!stacks.isEmpty()) {
            page.chart(StackChart.of(stacks, Amounts::nanos));
        }
    }

    private static List<String> row(String name, long count, long dropped, double perSecond, Spread spread) {
        return List.of(
                name,
                Long.toString(count),
                Long.toString(dropped),
                Amounts.count(perSecond),
                Amounts.nanos(spread.p50()),
                Amounts.nanos(spread.p99()),
                Amounts.nanos(spread.p9999()));
    }
}
