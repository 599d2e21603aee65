package dev.cipu.shim.sim.validation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

/**
 * A published figure and what the model says.
 *
 * @param published the figure, or the lower end of a range
 * @param upTo the upper end of a range, else null
 * @param mark how it was read: R, R2 or D
 * @param source the document
 * @param fitted whether a parameter was set from it; otherwise the model predicts it
 * @param from what that parameter is, or what the prediction rests on
 * @param card whose profile was run
 * @param command what shows it
 * @param model what the model says, in the same unit
 * @param error how far that is from the figure, or from the nearer end of the range, as a share of it; for a figure of 0 as it is
 */
@JsonInclude(Include.NON_NULL)
public record Check(
        String what,
        double published,
        @Nullable Double upTo,
        String unit,
        String mark,
        String source,
        boolean fitted,
        String from,
        String card,
        String command,
        double model,
        double error) {
    static double error(double model, double low, double high) {
        double nearest = Math.clamp(model, low, high);
        return nearest == 0 ? model : (model - nearest) / nearest;
    }
}
