package dev.cipu.sim.pace;

import dev.cipu.dataplane.CounterGroup;
import java.util.List;

/** Counts what was held back and how well it was timed. Owner: one worker; any process may read the counters. */
public final class PaceLog {
    /** Names of the counters, in the order of the constants below. */
    public static final List<String> COUNTERS = List.of(
            "paced",
            "overdue",
            "cut_short",
            "dropped",
            "asked_ns",
            "error_ns",
            "error_p50_ns",
            "error_p99_ns",
            "error_max_ns");

    private static final int PACED = 0;
    private static final int OVERDUE = 1;
    private static final int CUT_SHORT = 2;
    private static final int DROPPED = 3;
    private static final int ASKED_NANOS = 4;
    private static final int ERROR_NANOS = 5;
    private static final int ERROR_P50 = 6;
    private static final int ERROR_P99 = 7;
    private static final int ERROR_MOST = 8;

    /** Quantiles are read anew after each of the first so many errors, and after so many from then on. */
    private static final int EACH_UNTIL = 256;

    private static final int EVERY = 64;

    private final CounterGroup counters;
    private final DelayErrors errors = new DelayErrors();

    /**
     * @param counters made of {@link #COUNTERS}
     */
    public PaceLog(CounterGroup counters) {
        this.counters = counters;
    }

    /** Something is to take so many nanoseconds. */
    void asked(long nanos) {
        counters.add(PACED, 1);
        counters.add(ASKED_NANOS, nanos);
    }

    /** It took so many more. */
    void given(long error) {
        errors.add(error);
        counters.add(ERROR_NANOS, error);
        if (errors.count() <= EACH_UNTIL || errors.count() % EVERY == 0) {
            counters.set(ERROR_P50, errors.quantile(500));
            counters.set(ERROR_P99, errors.quantile(990));
            counters.set(ERROR_MOST, errors.most());
        }
    }

    /** The store took longer than it was to take. */
    void overdue() {
        counters.add(OVERDUE, 1);
    }

    /** It did not take as long as asked for, because its queue ended. */
    void cutShort() {
        counters.add(CUT_SHORT, 1);
    }

    /** There was no room to hold so many frames back. */
    void dropped(int frames) {
        counters.add(DROPPED, frames);
    }
}
