package dev.cipu.shim.load;

import org.HdrHistogram.Histogram;

/**
 * A preallocated histogram of nanoseconds. Requests of one burst often share both time stamps, so equal neighbours are
 * gathered and entered at once. Owned by the load's thread; allocates nothing after construction.
 */
final class LatencyRecorder {
    private static final long LONGEST = 600_000_000_000L;
    private static final int DIGITS = 3;

    private final Histogram histogram = new Histogram(1, LONGEST, DIGITS);
    private long value;
    private long count;
    private boolean on = true;

    /** Whether samples count from now on. */
    void enable(boolean on) {
        this.on = on;
    }

    void record(long nanos) {
        if (!on) {
            return;
        }
        if (nanos != value) {
            flush();
            value = nanos;
        }
        count++;
    }

    private void flush() {
        if (count > 0) {
            histogram.recordValueWithCount(Math.clamp(value, 1, LONGEST), count);
            count = 0;
        }
    }

    void reset() {
        count = 0;
        histogram.reset();
    }

    Latency summary() {
        flush();
        return Latency.of(histogram);
    }
}
