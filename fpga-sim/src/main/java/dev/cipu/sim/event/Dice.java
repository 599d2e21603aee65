package dev.cipu.sim.event;

/**
 * Chance that is the same for the same seed on every machine: integers only, and {@link StrictMath} where a logarithm is needed.
 * (SplitMix64, Steele, Lea and Flood, OOPSLA 2014.)
 */
public final class Dice {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private long state;

    public Dice(long seed) {
        state = seed;
    }

    /** Dice of its own for a part of the model, so that one part's throws do not shift another's. */
    public static Dice of(long seed, String part) {
        long mixed = seed;
        for (int i = 0; i < part.length(); i++) {
            mixed = mix(mixed + GOLDEN + part.charAt(i));
        }
        return new Dice(mixed);
    }

    /** 64 random bits. */
    public long next() {
        state += GOLDEN;
        return mix(state);
    }

    /** A number from 0 up to, and without, {@code bound}, which is positive. */
    public int below(int bound) {
        return (int) (((next() >>> 32) * bound) >>> 32);
    }

    /** A number above 0 and up to 1. */
    public double unit() {
        return ((next() >>> 11) + 1) * 0x1p-53;
    }

    /** A time between two events that come by chance, {@code mean} picoseconds apart on average. */
    public long exponential(long mean) {
        return Math.round(-StrictMath.log(unit()) * mean);
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
