package dev.cipu.sim.pace;

import dev.cipu.sim.model.CardTimes;
import java.util.List;

/**
 * What a card takes for packets or requests of any size, in a straight line between the sizes for which the model was run, and on
 * beyond the largest; nothing is quicker than the smallest. Never changes; any thread. Nothing is allocated to ask.
 */
final class TimesBySize {
    private static final double PICOS_PER_SECOND = 1e12;

    private final double[] bytes;
    private final long[][] nanos;
    private final double[] busy;

    /**
     * Times by size.
     *
     * @param times of two sizes or more, ascending
     */
    TimesBySize(List<CardTimes> times) {
        int sizes = times.size();
        bytes = new double[sizes];
        nanos = new long[sizes][CardTimes.TIMES];
        busy = new double[sizes];
        for (int i = 0; i < sizes; i++) {
            CardTimes each = times.get(i);
            bytes[i] = each.bytes();
            busy[i] = PICOS_PER_SECOND / each.perSecond();
            for (int which = 0; which < CardTimes.TIMES; which++) {
                nanos[i][which] = each.nanos(which);
            }
        }
    }

    /**
     * How long one takes that waits for no other, in nanoseconds.
     *
     * @param which of the times of equal probability that {@link CardTimes} has
     */
    long nanos(int which, long size) {
        int to = sizeAbove(size);
        double least = nanos[to - 1][which];
        return Math.round(least + share(size, to) * (nanos[to][which] - least));
    }

    /** For how long the card takes no other, in picoseconds. */
    long busy(long size) {
        int to = sizeAbove(size);
        return Math.round(busy[to - 1] + share(size, to) * (busy[to] - busy[to - 1]));
    }

    /** The size to which the line leads on which this one lies. */
    private int sizeAbove(long size) {
        int to = 1;
        while (to < bytes.length - 1 && size > bytes[to]) {
            to++;
        }
        return to;
    }

    private double share(long size, int to) {
        return Math.max(0, (size - bytes[to - 1]) / (bytes[to] - bytes[to - 1]));
    }
}
