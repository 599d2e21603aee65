package dev.cipu.shim.sim;

import dev.cipu.sim.model.Load;
import dev.cipu.sim.model.Spread;
import dev.cipu.sim.model.Workload;
import java.io.PrintWriter;
import java.util.List;

/** An outcome for people to read: lines and tables with bars. */
public final class OutcomeText {
    private static final int BAR = 32;

    private final PrintWriter out;

    public OutcomeText(PrintWriter out) {
        this.out = out;
    }

    /** All of it. */
    public void print(Outcome outcome) {
        head(outcome);
        out.println();
        rates(outcome);
        out.println();
        stages(outcome);
        out.println();
        loads(outcome.loads());
        out.println();
        costs(List.of(outcome));
        out.flush();
    }

    /** What was run. */
    void head(Outcome outcome) {
        Workload traffic = outcome.traffic();
        out.println(outcome.card() + ", " + outcome.workload() + ": " + describe(traffic) + "; load " + outcome.load()
                + ", seed " + outcome.seed() + ", " + Amounts.nanos(outcome.durationNanos()));
        if (!outcome.set().isEmpty()) {
            out.println("set: " + String.join(", ", outcome.set()));
        }
        if (!outcome.without().isEmpty()) {
            out.println("without effect, for the model of this card does not read it: "
                    + String.join(", ", outcome.without()));
        }
    }

    /** A workload in words. */
    public static String describe(Workload traffic) {
        return traffic.kind().plural() + " of " + traffic.bytes() + " bytes, " + traffic.queues()
                + (traffic.queues() == 1 ? " queue" : " queues") + " of " + traffic.depth() + ", "
                + Workloads.lower(traffic.format()) + ", batches of " + traffic.batch()
                + (traffic.kind().isPacket() ? ", flows " + traffic.flows() : "")
                + (traffic.indirect() ? ", indirect" : "") + (traffic.interrupts() ? ", interrupts" : ", polling");
    }

    void rates(Outcome outcome) {
        out.println("throughput  " + Amounts.count(outcome.perSecond()) + " " + outcome.plural() + "/s, "
                + Amounts.digits(outcome.gigabitsPerSecond()) + " Gb/s"
                + (outcome.dropped() > 0 ? ", " + Amounts.percent(outcome.dropped()) + " of what came dropped" : ""));
        Spread spread = outcome.latencyNanos();
        out.println("latency     mean " + Amounts.nanos(spread.mean()) + ", p50 " + Amounts.nanos(spread.p50())
                + ", p90 " + Amounts.nanos(spread.p90()) + ", p99 " + Amounts.nanos(spread.p99()) + ", p99.9 "
                + Amounts.nanos(spread.p999()) + ", p99.99 " + Amounts.nanos(spread.p9999()) + ", max "
                + Amounts.nanos(spread.most()));
    }

    /** The latency as a stack: what each part takes on average, the parts one after the other. */
    void stages(Outcome outcome) {
        String row = "%-13s %9s %9s %9s %9s %6s  %s%n";
        out.printf(row, "part", "mean", "p50", "p99", "p99.99", "share", "");
        double total =
                outcome.stages().stream().mapToDouble(Outcome.Stage::meanNanos).sum();
        double before = 0;
        for (Outcome.Stage stage : outcome.stages()) {
            Spread spread = stage.latencyNanos();
            double share = total == 0 ? 0 : stage.meanNanos() / total;
            out.printf(
                    row,
                    stage.name(),
                    Amounts.nanos(stage.meanNanos()),
                    Amounts.nanos(spread.p50()),
                    Amounts.nanos(spread.p99()),
                    Amounts.nanos(spread.p9999()),
                    Amounts.percent(share),
                    step(before, before + share));
            before += share;
        }
    }

    /** Part of a bar that begins where the one before ended. */
    private static String step(double from, double to) {
        int begin = (int) Math.round(from * BAR);
        int end = (int) Math.round(to * BAR);
        return " ".repeat(begin) + (end > begin ? "#".repeat(end - begin) : "|");
    }

    /** What was used, with the ceiling that it sets. */
    void loads(List<Load> loads) {
        out.printf("%-24s %7s %12s%n", "what is used", "use", "ceiling/s");
        for (Load load : loads) {
            out.printf(
                    "%-24s %7s %12s  %s%n",
                    load.name(), Amounts.percent(load.use()), Amounts.count(load.ceiling()), "#".repeat((int)
                                    Math.round(Math.min(1, load.use()) * BAR)));
        }
    }

    /** What it costs, a column for each outcome. */
    void costs(List<Outcome> outcomes) {
        cost("guest's core, each", outcomes, cost -> Amounts.nanos(cost.guestNanosEach()));
        cost("guests' cores busy", outcomes, cost -> Amounts.digits(cost.guestCores()));
        cost("host cores for the card", outcomes, cost -> Amounts.digits(cost.hostCores()));
        cost("doorbells, each", outcomes, cost -> Amounts.digits(cost.doorbellsEach()));
        cost("interrupts, each", outcomes, cost -> Amounts.digits(cost.interruptsEach()));
        cost("ring round trips, each", outcomes, cost -> Amounts.digits(cost.roundTripsEach()));
        cost("IOTLB misses, each", outcomes, cost -> Amounts.digits(cost.iotlbMissesEach()));
        cost("PCIe bytes to the host", outcomes, cost -> Amounts.digits(cost.linkBytesToHostEach()));
        cost("PCIe bytes to the card", outcomes, cost -> Amounts.digits(cost.linkBytesToCardEach()));
    }

    /** A figure of the costs. */
    private interface Shown {
        String of(Outcome.Cost cost);
    }

    private void cost(String what, List<Outcome> outcomes, Shown shown) {
        out.printf("%-24s", what);
        for (Outcome outcome : outcomes) {
            out.printf(" %12s", shown.of(outcome.cost()));
        }
        out.println();
    }
}
