package dev.cipu.shim.sim;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.Timing;
import org.jspecify.annotations.Nullable;

/**
 * A card of which one figure is twice as large, or half as large where twice is more than there can be.
 *
 * @param figure as it is
 * @param factor what it is multiplied with
 * @param timing of the card then
 */
record Variation(Figure figure, double factor, Timing timing) {
    private static final double[] FACTORS = {2, 0.5};

    /** Null if the card's timing does not depend on this parameter, or if none but this value makes sense. */
    static @Nullable Variation of(CardProfile card, Parameter parameter, CardProfile assumed) {
        Figure figure = card.completedBy(assumed).figure(parameter);
        if (figure == null || figure.value() == 0) {
            return null;
        }
        Timing before = CardTiming.of(card, assumed);
        for (double factor : FACTORS) {
            try {
                Double upTo = figure.upTo() == null ? null : figure.upTo() * factor;
                Figure changed = new Figure(parameter, figure.value() * factor, upTo, figure.evidence());
                Timing timing = CardTiming.of(card.with(changed), assumed);
                return timing.equals(before) ? null : new Variation(figure, factor, timing);
            } catch (IllegalArgumentException e) {
                // such a card cannot be: the other way may do
            }
        }
        return null;
    }
}
