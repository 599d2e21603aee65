package dev.cipu.sim.pace;

/** Where random tests begin: {@code -Dcipu.seed=N} repeats a run that failed. */
final class Seed {
    private Seed() {}

    static long get() {
        return Long.getLong("cipu.seed", System.nanoTime());
    }

    static String text(long seed) {
        return "seed " + seed + " (repeat with -Dcipu.seed=" + seed + ")";
    }
}
