package dev.cipu.sim.model;

import java.util.Arrays;

/**
 * Adds up, journey by journey, what the card takes of each: all parts but the guest's own. Hears of one run, in which nothing is
 * dropped; journeys that began before it was told to begin do not count.
 */
final class CardShare implements Tracer {
    private static final long UNCOUNTED = Long.MIN_VALUE;

    /** By the journey's number. */
    private long[] open = new long[64];

    private final long[] ended;
    private int count;
    private boolean counting;

    /**
     * Counts nothing yet.
     *
     * @param most journeys that are remembered
     */
    CardShare(int most) {
        ended = new long[most];
    }

    /** What begins from now on counts. */
    void begin() {
        counting = true;
    }

    @Override
    public void begin(int journey, long time) {
        if (journey >= open.length) {
            open = Arrays.copyOf(open, 2 * journey);
        }
        open[journey] = counting ? 0 : UNCOUNTED;
    }

    @Override
    public void span(int journey, Part part, long from, long to) {
        if (open[journey] != UNCOUNTED && !part.isGuests()) {
            open[journey] += to - from;
        }
    }

    @Override
    public void end(int journey, long time) {
        if (open[journey] != UNCOUNTED && count < ended.length) {
            ended[count++] = open[journey];
        }
    }

    @Override
    public void register(Register register, int queue, long time, long value) {}

    /** Picoseconds of each, in the order in which they ended. */
    long[] picos() {
        return Arrays.copyOf(ended, count);
    }
}
