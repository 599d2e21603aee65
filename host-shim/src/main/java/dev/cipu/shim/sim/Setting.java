package dev.cipu.shim.sim;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Parameter;
import dev.cipu.device.card.Section;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.sim.model.CardTiming;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A figure of a card that is another one for once: {@code link.tags=512}, in the unit of the parameter. */
public final class Setting {
    private static final String RANGE = "..";

    private Setting() {}

    /** The figure that {@code text} gives. */
    public static Figure parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw new SimException("'" + text + "' sets nothing; write section.key=value, for example link.tags=512");
        }
        Parameter parameter = parameter(text.substring(0, equals));
        String value = text.substring(equals + 1);
        int range = value.indexOf(RANGE);
        return range < 0
                ? figure(parameter, number(parameter, value), null)
                : figure(
                        parameter,
                        number(parameter, value.substring(0, range)),
                        number(parameter, value.substring(range + RANGE.length())));
    }

    /** A figure that somebody wants to try. */
    public static Figure figure(Parameter parameter, double value, @Nullable Double upTo) {
        try {
            return new Figure(parameter, value, upTo, new Evidence(Mark.ASSUMED, null, null, "set for this run"));
        } catch (IllegalArgumentException e) {
            throw new SimException(parameter.path() + ": " + e.getMessage(), e);
        }
    }

    /**
     * The parameter of a path.
     *
     * @throws SimException if there is none; the message lists those of its section, or the sections
     */
    public static Parameter parameter(String path) {
        List<Parameter> all = Arrays.asList(Parameter.values());
        return all.stream().filter(each -> each.path().equals(path)).findFirst().orElseThrow(() -> {
            String section = path.substring(0, Math.max(0, path.indexOf('.')));
            List<String> near = all.stream()
                    .filter(each -> each.section().key().equals(section))
                    .map(Parameter::path)
                    .toList();
            return new SimException("there is no parameter '" + path + "'; "
                    + (near.isEmpty()
                            ? "sections are "
                                    + Arrays.stream(Section.values())
                                            .map(Section::key)
                                            .collect(Collectors.joining(", "))
                            : "known are " + String.join(", ", near)));
        });
    }

    /** As users write them. */
    public static List<String> texts(List<Figure> figures) {
        return figures.stream()
                .map(each -> each.parameter().path() + "=" + each.number())
                .toList();
    }

    /** The card with other figures. */
    public static CardProfile apply(CardProfile card, List<Figure> figures) {
        CardProfile changed = card;
        for (Figure figure : figures) {
            changed = changed.with(figure);
        }
        return changed;
    }

    /** Of these figures of a card, those without which its timing would be the same. */
    public static List<Figure> idle(CardProfile card, List<Figure> figures) {
        CardProfile assumed = CardProfiles.assumed();
        return figures.stream().filter(each -> !reads(card, each, assumed)).toList();
    }

    private static boolean reads(CardProfile card, Figure figure, CardProfile assumed) {
        if (figure.value() != 0) {
            return Variation.of(card, figure.parameter(), assumed) != null;
        }
        // nothing has no double
        Figure one = new Figure(figure.parameter(), 1, null, figure.evidence());
        try {
            return !CardTiming.of(card.with(one), assumed).equals(CardTiming.of(card, assumed));
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    private static double number(Parameter parameter, String text) {
        try {
            return Double.parseDouble(text.strip());
        } catch (NumberFormatException e) {
            throw new SimException(
                    parameter.path() + " is '" + text + "'; give a number of " + parameter.unit() + ", or low..high",
                    e);
        }
    }
}
