package dev.cipu.bench.card;

import dev.cipu.bench.machine.Median;
import java.util.List;

/**
 * How long calls of one kind took, in milliseconds.
 *
 * @param p90 what nine of ten did not take longer than
 * @param samples in the order of the calls
 */
public record CallTimes(String name, double median, double least, double p90, double most, List<Double> samples) {
    private static final double NANOS_A_MILLI = 1e6;

    /** Of at least one call. */
    static CallTimes of(String name, List<Long> nanos) {
        List<Double> millis = nanos.stream()
                .map(each -> Median.rounded(each / NANOS_A_MILLI, 2))
                .toList();
        List<Double> sorted = millis.stream().sorted().toList();
        int ninth = (sorted.size() * 9 + 9) / 10 - 1;
        return new CallTimes(name, Median.of(millis), sorted.getFirst(), sorted.get(ninth), sorted.getLast(), millis);
    }
}
