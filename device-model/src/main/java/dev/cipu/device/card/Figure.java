package dev.cipu.device.card;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * A number of a card, in the unit of its parameter.
 *
 * @param value the number, or the lower end of a range
 * @param upTo the upper end of a range, else null
 */
public record Figure(
        Parameter parameter, double value, @Nullable Double upTo, Evidence evidence) {
    public Figure {
        parameter.check(value);
        if (upTo != null) {
            parameter.check(upTo);
            if (upTo <= value) {
                throw new IllegalArgumentException("'upTo' is not above 'value'; write the lower end first");
            }
        }
    }

    /** The largest value that it allows. */
    public double most() {
        return upTo == null ? value : upTo;
    }

    /** The number without its unit. */
    public String number() {
        return upTo == null ? plain(value) : plain(value) + ".." + plain(upTo);
    }

    /** The number, its unit and its mark. */
    public String text() {
        return number() + " " + parameter.unit() + " [" + evidence.mark().symbol() + "]";
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
