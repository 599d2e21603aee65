package dev.cipu.shim.load;

/**
 * How long a load runs, and on what.
 *
 * @param seconds measured time; not looked at when there is a count
 * @param count measured requests or frames, 0 for as many as the time allows
 * @param warmupSeconds time before, whose requests are not measured
 * @param interrupt whether the driver sleeps until it is called; else it polls and asks not to be called
 * @param core the CPU to run on, {@link #ANY_CORE} for any
 */
public record RunSpec(double seconds, long count, double warmupSeconds, boolean interrupt, int core) {
    public static final int ANY_CORE = -1;
    private static final double LONGEST_SECONDS = 1e6;
    private static final double NANOS = 1e9;

    public RunSpec {
        if (!(seconds > 0 && seconds <= LONGEST_SECONDS)
                || count < 0
                || !(warmupSeconds >= 0 && warmupSeconds <= LONGEST_SECONDS)) {
            throw new IllegalArgumentException("a run has a time above 0, a count and a warm-up of at least 0,"
                    + " and times of at most 1000000 s");
        }
        if (core < ANY_CORE) {
            throw new IllegalArgumentException("there is no core " + core + "; choose one from 0 on, or none for any");
        }
    }

    /** Polls for {@code seconds} after a second of warm-up, on any core. */
    public static RunSpec ofSeconds(double seconds) {
        return new RunSpec(seconds, 0, 1, false, ANY_CORE);
    }

    public RunSpec withCore(int cpu) {
        return new RunSpec(seconds, count, warmupSeconds, interrupt, cpu);
    }

    public RunSpec withWarmup(double warmup) {
        return new RunSpec(seconds, count, warmup, interrupt, core);
    }

    public RunSpec withInterrupt(boolean on) {
        return new RunSpec(seconds, count, warmupSeconds, on, core);
    }

    public RunSpec withCount(long requests) {
        return new RunSpec(seconds, requests, warmupSeconds, interrupt, core);
    }

    long nanos() {
        return (long) (seconds * NANOS);
    }

    long warmupNanos() {
        return (long) (warmupSeconds * NANOS);
    }
}
