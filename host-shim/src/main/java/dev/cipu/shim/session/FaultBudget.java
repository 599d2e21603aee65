package dev.cipu.shim.session;

import java.time.Duration;

/**
 * How many memory faults without a visible cause a session may have: a front-end that cuts its file and mends it before
 * anybody looks costs its neighbours a look each time, and must not be able to go on with it. One thread.
 */
final class FaultBudget {
    private final int most;
    private final long periodNanos;
    private long since;
    private int spent;

    /**
     * @param most faults that are forgiven
     * @param period in which they are; after that they are forgotten
     */
    FaultBudget(int most, Duration period) {
        this.most = most;
        periodNanos = period.toNanos();
    }

    /** One more at {@code now}, a time of {@link System#nanoTime}; false if it is one too many. */
    boolean spend(long now) {
        if (spent == 0 || now - since > periodNanos) {
            since = now;
            spent = 0;
        }
        return ++spent <= most;
    }
}
