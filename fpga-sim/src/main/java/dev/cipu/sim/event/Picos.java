package dev.cipu.sim.event;

/** Picoseconds, in which virtual time is counted: 106 days fit into a long. */
public final class Picos {
    public static final long NANO = 1_000;
    public static final long MICRO = 1_000_000;
    public static final long MILLI = 1_000_000_000;
    public static final long SECOND = 1_000_000_000_000L;

    private Picos() {}

    public static long ofNanos(double nanos) {
        return Math.round(nanos * NANO);
    }

    public static long ofMicros(double micros) {
        return Math.round(micros * MICRO);
    }

    public static double toNanos(long picos) {
        return (double) picos / NANO;
    }

    public static double toSeconds(long picos) {
        return (double) picos / SECOND;
    }

    /** The time between two of {@code perSecond} equally spaced events. */
    public static long period(double perSecond) {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("a rate of " + perSecond + " a second");
        }
        return Math.round(SECOND / perSecond);
    }
}
