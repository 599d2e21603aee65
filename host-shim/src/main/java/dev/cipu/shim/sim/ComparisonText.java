package dev.cipu.shim.sim;

import java.io.PrintWriter;

/** A comparison for people to read. */
public final class ComparisonText {
    private static final int LEAST_NAME = 15;
    private static final String ROW = " %10s %8s  %-24s %9s %9s %10s %10s %9s%n";

    private ComparisonText() {}

    public static void print(Comparison comparison, PrintWriter out) {
        out.println(comparison.workload() + ": at most, and at " + Amounts.count(comparison.perSecond()) + " "
                + comparison.kind() + "/s (" + comparison.loadWhy() + ")");
        out.println();
        int widest = comparison.rows().stream()
                .mapToInt(row -> row.card().length())
                .max()
                .orElse(0);
        String line = "%-" + Math.max(LEAST_NAME, widest) + "s" + ROW;
        out.printf(line, "", "at most", "at most", "", "p50", "p99", "host", "guests'", "host cores");
        out.printf(line, "card", "a second", "Gb/s", "what binds then", "there", "there", "cores", "cores", "saved");
        for (Comparison.Row row : comparison.rows()) {
            out.printf(
                    line,
                    row.card(),
                    Amounts.count(row.most()),
                    Amounts.digits(row.mostGigabits()),
                    row.binding(),
                    Amounts.nanos(row.latencyNanos().p50()),
                    Amounts.nanos(row.latencyNanos().p99()),
                    Amounts.digits(row.hostCores()),
                    Amounts.digits(row.guestCores()),
                    Amounts.digits(row.hostCoresSaved()));
        }
        out.println();
        out.println(
                "Host cores do the card's work; guests' cores prepare and take back what they move. Saved: host cores, against "
                        + comparison.rows().getFirst().card() + ".");
        for (Comparison.Row row : comparison.rows()) {
            if (!row.without().isEmpty()) {
                out.println("Without effect, for the model of " + row.card() + " does not read it: "
                        + String.join(", ", row.without()) + ".");
            }
            if (row.dropped() > 0) {
                out.println(row.card() + " dropped " + Amounts.percent(row.dropped()) + " of that load.");
            }
        }
        out.flush();
    }
}
