package dev.cipu.bench.machine;

import java.util.Arrays;
import java.util.Collection;

/** The figure in the middle. */
public final class Median {
    private Median() {}

    /** The middle value, or the mean of the two in the middle; 0 of none. */
    public static double of(Collection<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int n = sorted.length;
        if (n == 0) {
            return 0;
        }
        return Arrays.stream(sorted, (n - 1) / 2, n / 2 + 1).average().orElseThrow();
    }

    /** {@code value} with that many digits after the point. */
    public static double rounded(double value, int digits) {
        double scale = Math.pow(10, digits);
        return Math.round(value * scale) / scale;
    }
}
