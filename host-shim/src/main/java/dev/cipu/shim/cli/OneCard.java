package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of {@code cipu sim} that say which card is asked about. */
final class OneCard {
    @Option(
            names = "--card",
            required = true,
            paramLabel = "NAME|FILE",
            description = "A card that 'cipu card list' has, or a profile of your own.")
    @SuppressWarnings("NullAway.Init")
    private String card;

    @Mixin
    private final CardFigures others = new CardFigures();

    /** The card, with the figures that were given. */
    CardProfile profile() {
        return others.card(card);
    }

    /** The figures that were given. */
    List<Figure> figures() {
        return others.figures();
    }
}
