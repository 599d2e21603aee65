package dev.cipu.shim.load;

import org.HdrHistogram.Histogram;

/**
 * A preallocated histogram of nanoseconds, or one for each phase of a load. Requests of one burst often share both time
 * stamps, so equal neighbours are gathered and entered at once. Owned by the load's thread; allocates nothing after
 * construction and {@link #phases}.
 */
final class LatencyRecorder {
    private static final long LONGEST = 600_000_000_000L;
    private static final int DIGITS = 3;

    private Histogram[] histograms = {empty()};

    /** When the phases behind the first one begin. */
    private long[] begins = {};

    private int phase;
    private long phaseBegin = Long.MIN_VALUE;
    private long phaseEnd = Long.MAX_VALUE;
    private long value;
    private long count;
    private boolean on = true;

    private static Histogram empty() {
        return new Histogram(1, LONGEST, DIGITS);
    }

    /** Whether samples count from now on. */
    void enable(boolean on) {
        this.on = on;
    }

    /**
     * Forgets everything, and from now on keeps apart what begins in different phases.
     *
     * @param begins when the phases behind the first one begin, ascending
     */
    void phases(long[] begins) {
        this.begins = begins.clone();
        histograms = new Histogram[begins.length + 1];
        for (int i = 0; i < histograms.length; i++) {
            histograms[i] = empty();
        }
        count = 0;
        enter(0);
    }

    private void enter(int number) {
        phase = number;
        phaseBegin = number == 0 ? Long.MIN_VALUE : begins[number - 1];
        phaseEnd = number == begins.length ? Long.MAX_VALUE : begins[number];
    }

    /** What began at {@code from} has ended at {@code to}. */
    void record(long from, long to) {
        if (!on) {
            return;
        }
        if (from < phaseBegin || from >= phaseEnd) {
            flush();
            int number = 0;
            while (number < begins.length && from >= begins[number]) {
                number++;
            }
            enter(number);
        }
        long nanos = to - from;
        if (nanos != value) {
            flush();
            value = nanos;
        }
        count++;
    }

    private void flush() {
        if (count > 0) {
            histograms[phase].recordValueWithCount(Math.clamp(value, 1, LONGEST), count);
            count = 0;
        }
    }

    void reset() {
        count = 0;
        for (Histogram each : histograms) {
            each.reset();
        }
    }

    /** All of what was recorded. */
    Histogram all() {
        flush();
        Histogram sum = empty();
        for (Histogram each : histograms) {
            sum.add(each);
        }
        return sum;
    }

    /** What began in one phase. */
    Histogram of(int phase) {
        flush();
        return histograms[phase];
    }

    Latency summary() {
        return Latency.of(all());
    }
}
