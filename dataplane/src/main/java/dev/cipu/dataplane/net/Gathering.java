package dev.cipu.dataplane.net;

import java.util.function.LongSupplier;

/**
 * Decides whether frames that a guest has sent are left in its ring for a moment, so that more of them are taken at
 * once. A burst costs both cores the same cache misses, however few its frames are, and each look at the ring's index takes
 * its line from the guest that is about to write it; on cores that are far apart that is most of the work.
 *
 * <p>Only a loaded guest is made to wait, {@link #PATIENCE_NANOS} at most (and the rest of a turn of the worker), and
 * only while that pays: a guest whose burst did not grow to {@link #ENOUGH}, since it waits for answers itself or sends less, is soon
 * served at once. A burst that is large enough at the first look never reads the clock. Owner: the thread that owns the port.
 */
final class Gathering {
    /** Frames in a burst that tell of a loaded guest. */
    static final int LOADED = 16;

    /** Frames that are worth taking at once: half of what a turn can take, so that a full ring is never waited for. */
    static final int ENOUGH = Burst.CAPACITY / 2;

    /** From one look to the next one. */
    static final long STRIDE_NANOS = 300;

    /** How long a burst may wait. */
    static final long PATIENCE_NANOS = 20_000;

    /** Bursts after which waiting is tried again where it did not pay. */
    static final int RETRY = 1024;

    private final LongSupplier nanoTime;
    private long patience = PATIENCE_NANOS;
    private boolean loaded;
    private boolean waiting;
    private long deadline;
    private long nextLook;
    private int bursts;

    Gathering(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Whether a burst may wait at all just now. */
    boolean isOn() {
        return loaded;
    }

    /** Whether this turn does not even look. */
    boolean looksAway() {
        return waiting && nanoTime.getAsLong() - nextLook < 0;
    }

    /** Whether a turn that looks leaves the {@code available} frames where they are. */
    boolean waits(int available) {
        if (available >= ENOUGH) {
            return false;
        }
        long now = nanoTime.getAsLong();
        if (!waiting) {
            waiting = true;
            deadline = now + patience;
        }
        nextLook = now + Math.min(STRIDE_NANOS, deadline - now);
        return deadline - now > 0;
    }

    /** A burst of {@code frames} frames was taken. */
    void took(int frames) {
        if (waiting) {
            waiting = false;
            long less = patience / 2;
            patience = frames >= ENOUGH ? PATIENCE_NANOS : less < STRIDE_NANOS ? 0 : less;
        }
        if (patience == 0 && ++bursts >= RETRY) {
            bursts = 0;
            patience = PATIENCE_NANOS;
        }
        loaded = frames >= LOADED && patience > 0;
    }
}
