package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.shim.sim.SimException;
import dev.cipu.sim.model.DriverHabits;
import dev.cipu.virtio.ring.RingFormat;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of {@code cipu trace replay} for cards of the timing model. */
final class ReplayModelOptions {
    /** Those that make no sense for a live device. */
    static final List<String> NAMES = List.of(CardFigures.NAME, "--batch", "--poll", "--indirect", "--seed", "--html");

    @Option(
            names = "--card",
            paramLabel = "NAME|FILE",
            description = "Into the model of this card, one that 'cipu card list' has or a profile of your own; several"
                    + " times for a comparison.")
    private List<String> cards = List.of();

    @Mixin
    private final CardFigures figures = new CardFigures();

    @Option(
            names = "--batch",
            defaultValue = "16",
            paramLabel = "N",
            description = "Chains that a modelled driver publishes together, where it has as many (default:"
                    + " ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--poll", description = "Modelled drivers poll instead of waiting for interrupts.")
    private boolean poll;

    @Option(names = "--indirect", description = "Modelled drivers put chains into indirect tables.")
    private boolean indirect;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Of chance in the model (default: ${DEFAULT-VALUE}).")
    private long seed;

    /** Whether any is asked about. */
    boolean isGiven() {
        return !cards.isEmpty();
    }

    /** The cards, with the figures that were given. */
    List<CardProfile> cards() {
        return cards.stream().map(figures::card).toList();
    }

    /** The figures that were given. */
    List<Figure> figures() {
        return figures.figures();
    }

    long seed() {
        return seed;
    }

    DriverHabits habits(int queueSize, boolean packed) {
        try {
            return new DriverHabits(packed ? RingFormat.PACKED : RingFormat.SPLIT, queueSize, batch, !poll, indirect);
        } catch (IllegalArgumentException e) {
            throw new SimException(e.getMessage() + "; change --queue-size or --batch", e);
        }
    }
}
