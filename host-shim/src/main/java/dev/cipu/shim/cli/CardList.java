package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.profile.ProfileForm;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cipu card list}. */
@Command(name = "list", description = "List the cards that are known: what each introduced, and its headline figures.")
final class CardList implements Callable<Integer> {
    private static final String ROW = "%-14s  %4s  %-8s  %-8s  %-9s  %-6s  %s%n";

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
        List<CardProfile> cards = CardProfiles.all();
        json.show(cards.stream().map(ProfileForm::of).toList(), out -> print(cards, out));
        return ExitCode.DONE;
    }

    private static void print(List<CardProfile> cards, PrintWriter out) {
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
    }

    private static String cell(CardProfile card, Parameter parameter) {
        Figure figure = card.figure(parameter);
        return figure == null
                ? "-"
                : figure.number() + " " + figure.evidence().mark().symbol();
    }
}
