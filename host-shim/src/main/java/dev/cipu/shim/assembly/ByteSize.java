package dev.cipu.shim.assembly;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes as people write them: {@code 512}, {@code 4k}, {@code 1M}, {@code 64GiB}; k is 1024. */
public final class ByteSize {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})\\s*([kmgt]?)(?:i?b)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "kmgt";
    private static final int BITS_PER_UNIT = 10;

    private ByteSize() {}

    /**
     * The number of bytes that {@code text} names.
     *
     * @throws IllegalArgumentException with a message for the user if it names none, or more than 63 bits hold
     */
    public static long parse(String text) {
        Matcher parts = SIZE.matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size such as 512, 4k or 1M");
        }
        long number = Long.parseLong(parts.group(1));
        String unit = parts.group(2);
        int shift = unit.isEmpty() ? 0 : BITS_PER_UNIT * (UNITS.indexOf(Character.toLowerCase(unit.charAt(0))) + 1);
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("'" + text + "' is too large");
        }
        return number << shift;
    }

    /** As short as it can be said exactly: {@code 4k}, {@code 1M}, {@code 1000}. */
    public static String format(long bytes) {
        long number = bytes;
        int unit = -1;
        while (number != 0 && number % 1024 == 0 && unit < UNITS.length() - 1) {
            number /= 1024;
            unit++;
        }
        return unit < 0
                ? Long.toString(number)
                : number + (unit == 0 ? "k" : UNITS.substring(unit, unit + 1).toUpperCase(Locale.ROOT));
    }
}
