package dev.cipu.bench.process;

import java.time.Duration;

/**
 * How long one sample takes.
 *
 * @param warmupSeconds before it
 * @param seconds measured
 */
public record RunLength(double warmupSeconds, double seconds) {
    private static final double MILLIS = 1e3;

    /** How long to wait for the answer of somebody who needs so much beyond the sample. */
    public Duration with(Duration beyond) {
        return beyond.plusMillis((long) ((warmupSeconds + seconds) * MILLIS));
    }
}
