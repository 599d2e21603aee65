package dev.cipu.shim.sim;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.shim.profile.CardProfiles;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A card in a comparison, perhaps with other figures than its profile's: so that a card can be compared with itself.
 *
 * @param name as the user wrote it
 * @param figures that are not the profile's; the card has them
 */
public record Contender(String name, CardProfile card, List<Figure> figures) {
    private static final String SEPARATOR = ",";

    /**
     * What {@code text} names: a card, or {@code cipu-1,network.slice-header=0} for one with other figures.
     *
     * @param common figures of all cards; its own come after
     */
    public static Contender parse(String text, List<Figure> common) {
        List<String> parts = Arrays.asList(text.split(SEPARATOR, -1));
        CardProfile profile = CardProfiles.find(parts.getFirst());
        List<Figure> figures = Stream.concat(
                        common.stream(), parts.stream().skip(1).map(Setting::parse))
                .toList();
        // of a file, the name that it gives its card
        String name = Stream.concat(Stream.of(profile.name()), parts.stream().skip(1))
                .reduce((before, each) -> before + SEPARATOR + each)
                .orElseThrow();
        return new Contender(name, Setting.apply(profile, figures), figures);
    }
}
