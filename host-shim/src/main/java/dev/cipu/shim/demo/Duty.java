package dev.cipu.shim.demo;

import dev.cipu.shim.card.EmbeddedGuest;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What one guest does, in bounded steps. One guest thread owns it while the demo runs; {@link #done} and {@link #problem}
 * may be asked by any thread, the rest after the thread has ended.
 */
abstract class Duty implements AutoCloseable {
    private static final long LONGEST = 60_000_000_000L;
    private static final int DIGITS = 3;

    final EmbeddedGuest guest;
    final Histogram latency = new Histogram(1, LONGEST, DIGITS);
    private volatile long done;
    private volatile @Nullable String problem;

    Duty(EmbeddedGuest guest) {
        this.guest = guest;
    }

    /**
     * One burst.
     *
     * @param starting whether new work may begin; else only what is under way is finished
     * @param measured whether latencies count
     * @return whether anything was done
     */
    abstract boolean step(boolean starting, boolean measured);

    /** Whether nothing is under way any more. */
    abstract boolean isQuiet();

    /** Stops the guest; the card lets go of its memory. */
    @Override
    public final void close() {
        guest.close();
    }

    final long kicks() {
        return guest.kicks();
    }

    final long calls() {
        return guest.calls();
    }

    final void record(boolean measured, long nanos) {
        if (measured) {
            latency.recordValue(Math.clamp(nanos, 1, LONGEST));
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    final void progressed(long by) {
        done += by;
    }

    /** Frames received or requests completed. */
    final long done() {
        return done;
    }

    /** Notes what is wrong, if it is the first thing that is. */
    final void complain(String what) {
        if (problem == null) {
            problem = what;
        }
    }

    /** The first thing that is wrong, null if nothing is. */
    final @Nullable String problem() {
        String noted = problem;
        if (noted == null && guest.brokenQueues() > 0) {
            return "the card broke off a queue of a guest that kept to the rules";
        }
        return noted;
    }
}
