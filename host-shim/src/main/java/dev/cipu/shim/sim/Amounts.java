package dev.cipu.shim.sim;

import dev.cipu.sim.event.Picos;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and rates as people write and read them. */
public final class Amounts {
    private static final Pattern TIME = Pattern.compile("(\\d+(?:\\.\\d+)?) *(ns|us|ms|s)");
    private static final Pattern RATE = Pattern.compile("(\\d+(?:\\.\\d+)?) *([kKMG]?)");
    private static final double KILO = 1e3;
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;

    private Amounts() {}

    /**
     * Picoseconds of a time such as {@code 10ms}.
     *
     * @param what names it in the message if it is none
     */
    public static long picos(String what, String text) {
        Matcher matcher = TIME.matcher(text.strip());
        if (!matcher.matches()) {
            throw new SimException(what + " is '" + text + "'; give a number with ns, us, ms or s, for example 10ms");
        }
        long unit = switch (matcher.group(2)) {
            case "ns" -> Picos.NANO;
            case "us" -> Picos.MICRO;
            case "ms" -> Picos.MILLI;
            default -> Picos.SECOND;
        };
        return Math.round(Double.parseDouble(matcher.group(1)) * unit);
    }

    /** A rate a second such as {@code 2.5M}. */
    public static double perSecond(String what, String text) {
        Matcher matcher = RATE.matcher(text.strip());
        double number = matcher.matches() ? Double.parseDouble(matcher.group(1)) : 0;
        if (!(number > 0)) {
            throw new SimException(what + " is '" + text
                    + "'; give a rate above 0, for example 250k or 2.5M, a share such" + " as 50%, or max");
        }
        return number
                * switch (matcher.group(2)) {
                    case "k", "K" -> KILO;
                    case "M" -> MEGA;
                    case "G" -> GIGA;
                    default -> 1;
                };
    }

    /** Three digits and a unit: {@code 1.25 M}. */
    public static String count(double value) {
        double size = Math.abs(value);
        if (size >= GIGA) {
            return digits(value / GIGA) + " G";
        }
        if (size >= MEGA) {
            return digits(value / MEGA) + " M";
        }
        return size >= KILO ? digits(value / KILO) + " k" : digits(value);
    }

    /** Three digits of nanoseconds, or of what is larger. */
    public static String nanos(double nanos) {
        if (nanos >= GIGA) {
            return digits(nanos / GIGA) + " s";
        }
        if (nanos >= MEGA) {
            return digits(nanos / MEGA) + " ms";
        }
        return nanos >= KILO ? digits(nanos / KILO) + " us" : digits(nanos) + " ns";
    }

    /** A time as it was given, without a rest if it has none. */
    public static String time(long picos) {
        long nanos = picos / Picos.NANO;
        if (nanos % 1_000_000_000 == 0) {
            return nanos / 1_000_000_000 + "s";
        }
        if (nanos % 1_000_000 == 0) {
            return nanos / 1_000_000 + "ms";
        }
        return nanos % 1_000 == 0 ? nanos / 1_000 + "us" : nanos + "ns";
    }

    /** {@code 99 %}, with a digit behind the point where it is small. */
    public static String percent(double share) {
        return String.format(Locale.ROOT, share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share);
    }

    /** {@code +12 %}. */
    public static String change(double ratio) {
        return String.format(Locale.ROOT, "%+.0f %%", 100 * (ratio - 1));
    }

    /** Three digits. */
    public static String digits(double value) {
        double size = Math.abs(value);
        String format = size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }

    /** All digits, without zeros at the end and without an exponent. */
    public static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
