package dev.cipu.shim.sim;

import dev.cipu.device.card.Mark;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** An explanation for people to read. */
public final class ExplanationText {
    private ExplanationText() {}

    /** What the marks of figures mean. */
    static String legend() {
        return Arrays.stream(Mark.values())
                .map(mark -> mark.symbol() + " " + mark.meaning())
                .collect(Collectors.joining("; ", "Marks: ", "."));
    }

    public static void print(Explanation explanation, PrintWriter out) {
        OutcomeText text = new OutcomeText(out);
        out.println(explanation.sentence());
        out.println();
        text.head(explanation.full());
        text.rates(explanation.full());
        out.println();
        text.loads(explanation.full().loads());
        out.println();
        out.println("Under light load, " + Amounts.count(explanation.light().perSecond()) + "/s:");
        text.rates(explanation.light());
        text.stages(explanation.light());
        out.println();
        out.println("Under full load:");
        text.stages(explanation.full());
        out.println();
        out.printf("%-24s %12s %12s%n", "what it costs", "full load", "light load");
        text.costs(List.of(explanation.full(), explanation.light()));
        out.println();
        figures(explanation, out);
        out.flush();
    }

    private static void figures(Explanation explanation, PrintWriter out) {
        out.println("What decides: figures that are tried twice as large, or half where it says so, one at a time");
        String row = "%-30s %-18s %-4s %-5s %10s %10s%n";
        out.printf(row, "figure", "value", "mark", "tried", "throughput", "latency");
        for (Explanation.Influence each : explanation.figures()) {
            out.printf(
                    row,
                    each.parameter(),
                    each.value() + " " + each.unit(),
                    each.mark(),
                    "x" + Amounts.plain(each.factor()),
                    Amounts.change(each.throughput()),
                    Amounts.change(each.latency()));
        }
        out.println("Throughput is that under full load, latency the mean under light load. " + legend());
    }
}
