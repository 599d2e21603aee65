package dev.cipu.dataplane;

/** Where random tests begin: {@code -Dcipu.seed=N} repeats a run that failed. */
public final class Seed {
    private Seed() {}

    /** A seed of this run. */
    public static long get() {
        return Long.getLong("cipu.seed", System.nanoTime());
    }

    /** What a failure has to say. */
    public static String text(long seed) {
        return "seed " + seed + " (repeat with -Dcipu.seed=" + seed + ")";
    }
}
