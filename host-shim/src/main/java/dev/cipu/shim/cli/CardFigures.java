package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.sim.Setting;
import java.util.List;
import picocli.CommandLine.Option;

/** The option of those commands that ask the timing model, for figures that a card has for once. */
final class CardFigures {
    /** What it is called. */
    static final String NAME = "--set";

    @Option(
            names = NAME,
            paramLabel = "SECTION.KEY=VALUE",
            description = "Another figure of the card, or of each of several, in the unit that 'cipu card show' has;"
                    + " low..high for a range.")
    private List<String> settings = List.of();

    /** The figures that were given. */
    List<Figure> figures() {
        return settings.stream().map(Setting::parse).toList();
    }

    /** A card with the figures that were given. */
    CardProfile card(String nameOrFile) {
        return Setting.apply(CardProfiles.find(nameOrFile), figures());
    }
}
