package dev.cipu.sim.pace;

/**
 * How far the delays given were from those asked for: counts by size, in steps of a sixteenth, so that a quantile is read by
 * walking over a few hundred numbers. Nothing is allocated. Owner: one worker.
 */
final class DelayErrors {
    private static final int STEP_SHIFT = 4;

    /** Nanoseconds: errors beyond count as this, a quarter of an hour. */
    private static final long LIMIT = (1L << 40) - 1;

    private final long[] counts = new long[index(LIMIT) + 1];
    private long count;
    private long most;

    void add(long nanos) {
        counts[index(Math.min(nanos, LIMIT))]++;
        count++;
        most = Math.max(most, nanos);
    }

    long count() {
        return count;
    }

    /** The largest. */
    long most() {
        return most;
    }

    /** At least so large are all but the given part of a thousand; at most a sixteenth too much. */
    long quantile(int perMille) {
        long rank = (count * perMille + 999) / 1000;
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.min(upperEnd(i), most);
            }
        }
        return most;
    }

    private static int index(long nanos) {
        int shift = Math.max(0, Long.SIZE - 1 - STEP_SHIFT - Long.numberOfLeadingZeros(nanos | 1));
        return (shift << STEP_SHIFT) + (int) (nanos >>> shift);
    }

    private static long upperEnd(int index) {
        int shift = Math.max(0, (index >> STEP_SHIFT) - 1);
        long step = index - ((long) shift << STEP_SHIFT);
        return ((step + 1) << shift) - 1;
    }
}
