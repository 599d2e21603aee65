package dev.cipu.shim.load;

import org.HdrHistogram.Histogram;

/**
 * How long requests took, in nanoseconds, with three significant digits.
 *
 * @param samples how many were measured
 * @param mean of all samples
 * @param min shortest
 * @param p50 half were not longer
 * @param p90 nine of ten were not longer
 * @param p99 99 % were not longer
 * @param p999 99.9 % were not longer
 * @param max longest
 */
public record Latency(long samples, double mean, long min, long p50, long p90, long p99, long p999, long max) {
    public static Latency of(Histogram histogram) {
        if (histogram.getTotalCount() == 0) {
            return new Latency(0, 0, 0, 0, 0, 0, 0, 0);
        }
        return new Latency(
                histogram.getTotalCount(),
                Math.round(histogram.getMean() * 10) / 10.0,
                histogram.getMinValue(),
                histogram.getValueAtPercentile(50),
                histogram.getValueAtPercentile(90),
                histogram.getValueAtPercentile(99),
                histogram.getValueAtPercentile(99.9),
                histogram.getMaxValue());
    }
}
