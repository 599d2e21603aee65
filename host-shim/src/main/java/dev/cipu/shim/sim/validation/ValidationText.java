package dev.cipu.shim.sim.validation;

import dev.cipu.shim.sim.Amounts;
import java.util.Locale;

/** What came of a validation, for people. */
public final class ValidationText {
    private ValidationText() {}

    /** The published figure without its unit. */
    public static String published(Check check) {
        return check.upTo() == null
                ? Amounts.plain(check.published())
                : Amounts.plain(check.published()) + ".." + Amounts.plain(check.upTo());
    }

    /** What the model says, with the unit. */
    public static String model(Check check) {
        return Amounts.digits(check.model()) + " " + check.unit();
    }

    public static String error(Check check) {
        return String.format(Locale.ROOT, "%+.1f %%", 100 * check.error());
    }

    /** A sentence. */
    public static String summary(Validation validation) {
        Check worst = validation.worst(1).getFirst();
        return String.format(
                Locale.ROOT,
                "%d figures, %d of them predicted. Half of the errors are at most %.1f %%, of predictions %.1f %%. The worst: %s, %s.",
                validation.checks().size(),
                validation.predicted(),
                100 * validation.medianError(),
                100 * validation.medianPredicted(),
                worst.what(),
                error(worst));
    }
}
