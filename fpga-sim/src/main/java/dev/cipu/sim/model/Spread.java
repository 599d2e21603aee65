package dev.cipu.sim.model;

import org.HdrHistogram.Histogram;

/** Times in nanoseconds: their mean and their percentiles. */
public record Spread(double mean, double p50, double p90, double p99, double p999, double p9999, double most) {
    static Spread of(Histogram picos) {
        return new Spread(
                picos.getMean() / 1e3,
                nanos(picos, 50),
                nanos(picos, 90),
                nanos(picos, 99),
                nanos(picos, 99.9),
                nanos(picos, 99.99),
                picos.getMaxValue() / 1e3);
    }

    private static double nanos(Histogram picos, double percentile) {
        return picos.getValueAtPercentile(percentile) / 1e3;
    }
}
