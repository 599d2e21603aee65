package dev.cipu.shim.replay.model;

import dev.cipu.shim.sim.Amounts;
import dev.cipu.shim.sim.Outcome;
import dev.cipu.sim.model.Load;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Spread;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A replay for people to read: tables with a column for what was recorded, and one for each card. */
public final class ReplayText {
    private static final int NAME = 26;
    private static final int LEAST_COLUMN = 12;
    private static final String NONE = "-";

    private final ReplayReport report;
    private final PrintWriter out;
    private final int column;

    private ReplayText(ReplayReport report, PrintWriter out) {
        this.report = report;
        this.out = out;
        int longest = report.cards().stream()
                .flatMap(each -> List.of(each.card(), each.binding()).stream())
                .mapToInt(String::length)
                .max()
                .orElse(0);
        column = Math.max(LEAST_COLUMN, longest);
    }

    public static void print(ReplayReport report, PrintWriter out) {
        new ReplayText(report, out).print();
    }

    private void print() {
        ReplayReport.Drivers drivers = report.drivers();
        out.println(
                report.trace() + ", " + report.pace() + "; queues of " + drivers.queueSize() + ", " + drivers.format()
                        + ", batches of " + drivers.batch() + (drivers.indirect() ? ", indirect" : "")
                        + (drivers.interrupts() ? ", interrupts" : ", polling") + ", seed " + report.seed());
        CardOutcome first = report.cards().getFirst();
        if (!first.set().isEmpty()) {
            out.println("set: " + String.join(", ", first.set()));
        }
        for (CardOutcome card : report.cards()) {
            if (!card.without().isEmpty()) {
                out.println("without effect, for the model of " + card.card() + " does not read it: "
                        + String.join(", ", card.without()));
            }
        }
        out.println();
        head("recorded");
        row("took", Amounts.nanos(report.seconds() * 1e9), card -> Amounts.nanos(card.seconds() * 1e9));
        report.recorded().forEach(this::operation);
        out.println();
        out.println(
                "Latency: of a card from when the guest's driver had the transaction, or the cable the frame, until the"
                        + " guest had it back, or the cable the frame; recorded, from when the card took it off the ring until it"
                        + " was done with it.");
        stages();
        loads();
        costs();
        out.flush();
    }

    private void head(String second) {
        out.printf("%-" + NAME + "s %" + column + "s", "", second);
        report.cards().forEach(card -> out.printf(" %" + column + "s", card.card()));
        out.println();
    }

    private void row(String name, String second, Function<CardOutcome, String> cell) {
        out.printf("%-" + NAME + "s %" + column + "s", name, second);
        report.cards().forEach(card -> out.printf(" %" + column + "s", cell.apply(card)));
        out.println();
    }

    private void operation(ReplayReport.Recorded recorded) {
        Operation operation = recorded.operation();
        out.println();
        row(
                operation.plural(),
                Long.toString(recorded.count()),
                card -> of(card, operation, each -> Long.toString(each.count())));
        row(
                "  a second",
                Amounts.count(recorded.perSecond()),
                card -> of(card, operation, each -> Amounts.count(each.perSecond())));
        row(
                "  Gb/s",
                Amounts.digits(recorded.gigabitsPerSecond()),
                card -> of(card, operation, each -> Amounts.digits(each.gigabitsPerSecond())));
        if (report.cards().stream().anyMatch(card -> dropped(card, operation) > 0)) {
            row("  found no room", NONE, card -> Long.toString(dropped(card, operation)));
        }
        latency("mean", recorded, Spread::mean);
        latency("p50", recorded, Spread::p50);
        latency("p90", recorded, Spread::p90);
        latency("p99", recorded, Spread::p99);
        latency("p99.9", recorded, Spread::p999);
        latency("p99.99", recorded, Spread::p9999);
        latency("max", recorded, Spread::most);
    }

    private static long dropped(CardOutcome card, Operation operation) {
        CardOutcome.Done done = card.done(operation);
        return done == null ? 0 : done.dropped();
    }

    private static String of(CardOutcome card, Operation operation, Function<CardOutcome.Done, @Nullable String> what) {
        CardOutcome.Done done = card.done(operation);
        String text = done == null ? null : what.apply(done);
        return text == null ? NONE : text;
    }

    private void latency(String name, ReplayReport.Recorded recorded, Function<Spread, Double> figure) {
        row(
                "  " + name,
                Amounts.nanos(figure.apply(recorded.latencyNanos())),
                card -> of(card, recorded.operation(), each -> {
                    Spread spread = each.latencyNanos();
                    return spread == null ? null : Amounts.nanos(figure.apply(spread));
                }));
    }

    /** Where the time goes: what each part takes of each on average, so that a column adds up to the mean. */
    private void stages() {
        for (ReplayReport.Recorded recorded : report.recorded()) {
            Operation operation = recorded.operation();
            Set<String> names = new LinkedHashSet<>();
            for (CardOutcome card : report.cards()) {
                CardOutcome.Done done = card.done(operation);
                if (done != null) {
                    done.stages().forEach(stage -> names.add(stage.name()));
                }
            }
            out.println();
            head("");
            out.println("of " + operation.plural() + ", on average");
            for (String name : names) {
                row("  " + name, "", card -> of(card, operation, each -> mean(each.stages(), name)));
            }
        }
    }

    private static @Nullable String mean(List<Outcome.Stage> stages, String name) {
        List<Double> means = new ArrayList<>();
        stages.stream().filter(each -> each.name().equals(name)).forEach(each -> means.add(each.meanNanos()));
        return means.isEmpty()
                ? null
                : Amounts.nanos(means.stream().mapToDouble(Double::doubleValue).sum());
    }

    private void loads() {
        Set<String> names = new LinkedHashSet<>();
        report.cards().forEach(card -> card.loads().forEach(load -> names.add(load.name())));
        out.println();
        head("");
        out.println("used");
        for (String name : names) {
            row(
                    "  " + name,
                    "",
                    card -> card.loads().stream()
                            .filter(each -> each.name().equals(name))
                            .findFirst()
                            .map(each -> Amounts.percent(each.use()))
                            .orElse(NONE));
        }
        row("most used", "", CardOutcome::binding);
        row(
                "room for, times this",
                "",
                card -> card.loads().isEmpty() ? NONE : room(card.loads().getFirst()));
    }

    private static String room(Load most) {
        return Amounts.digits(1 / most.use());
    }

    private void costs() {
        out.println();
        head("");
        row("host cores for the card", "", card -> Amounts.digits(card.cost().hostCores()));
        row("guests' cores busy", "", card -> Amounts.digits(card.cost().guestCores()));
        row("guest's core, each", "", card -> Amounts.nanos(card.cost().guestNanosEach()));
        row("doorbells, each", "", card -> Amounts.digits(card.cost().doorbellsEach()));
        row("interrupts, each", "", card -> Amounts.digits(card.cost().interruptsEach()));
        row("ring round trips, each", "", card -> Amounts.digits(card.cost().roundTripsEach()));
        row("IOTLB misses, each", "", card -> Amounts.digits(card.cost().iotlbMissesEach()));
        row("PCIe bytes to the host", "", card -> Amounts.digits(card.cost().linkBytesToHostEach()));
        row("PCIe bytes to the card", "", card -> Amounts.digits(card.cost().linkBytesToCardEach()));
    }
}
