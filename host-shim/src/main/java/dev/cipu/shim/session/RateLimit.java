package dev.cipu.shim.session;

import java.time.Duration;

/** Lets one event through per interval and counts the others. One thread. */
public final class RateLimit {
    private final long intervalNanos;
    private long last;
    private boolean used;
    private long suppressed;

    public RateLimit(Duration interval) {
        this.intervalNanos = interval.toNanos();
    }

    public boolean permits() {
        long now = System.nanoTime();
        if (used && now - last < intervalNanos) {
            suppressed++;
            return false;
        }
        used = true;
        last = now;
        return true;
    }

    /** Events held back since the last call. */
    public long takeSuppressed() {
        long count = suppressed;
        suppressed = 0;
        return count;
    }
}
