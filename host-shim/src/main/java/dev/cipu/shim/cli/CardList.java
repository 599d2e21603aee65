package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.profile.ProfileForm;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu card list}. */
@Command(name = "list", description = "List the cards that are known: what each introduced, and its headline figures.")
final class CardList implements Callable<Integer> {
    private static final String ROW = "%-14s  %4s  %-8s  %-8s  %-9s  %-6s  %s%n";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = JsonReport.STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write all profiles as JSON, to standard output or to this file.")
    private @Nullable String json;

    @Override
    public Integer call() {
        List<CardProfile> cards = CardProfiles.all();
        PrintWriter out = spec.commandLine().getOut();
        if (json != null) {
            JsonReport.write(cards.stream().map(ProfileForm::of).toList(), json, out);
            return ExitCode.DONE;
        }
        out.printf(ROW, "card", "year", "Gb/s", "Mpps", "K IOPS", "cores", "introduced");
        for (CardProfile card : cards) {
            out.printf(
                    ROW,
                    card.name(),
                    card.year(),
                    cell(card, Parameter.BANDWIDTH),
                    cell(card, Parameter.PACKET_RATE),
                    cell(card, Parameter.IOPS),
                    cell(card, Parameter.CORES_LOST),
                    card.introduced().text());
        }
        out.println();
        out.println("cores: host cores that virtualization takes. " + CardSheet.legend());
        out.flush();
        return ExitCode.DONE;
    }

    private static String cell(CardProfile card, Parameter parameter) {
        Figure figure = card.figure(parameter);
        return figure == null
                ? "-"
                : figure.number() + " " + figure.evidence().mark().symbol();
    }
}
