package dev.cipu.shim.load;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.jspecify.annotations.Nullable;

/**
 * What a guest did and what that cost its processor.
 *
 * @param seconds measured time
 * @param packets null if there were none
 * @param requests null if there were none
 * @param cpuNanos what the kernel accounts to the driving thread
 * @param workShare the part of that in which the driver had something to do; in the rest it looked in vain, which a guest
 *     with other work would not
 * @param switches how often the thread left its processor
 * @param kicks sent
 * @param calls received
 * @param allocatedBytes of the Java heap by the driving thread
 * @param problem the first thing that went wrong, empty if nothing did
 */
public record GuestLoadResult(
        double seconds,
        @Nullable Flow packets,
        @Nullable Flow requests,
        long cpuNanos,
        double workShare,
        long switches,
        long kicks,
        long calls,
        long allocatedBytes,
        String problem) {

    /**
     * One kind of operation.
     *
     * @param ops done in the measured time
     * @param perSecond of them
     * @param latencyNs from when one was handed over, or was due, until it was seen to be done
     * @param curve the distribution of that, ascending
     * @param phases of an open load, in order; empty for a closed one
     */
    public record Flow(long ops, double perSecond, Latency latencyNs, List<Point> curve, List<PhaseResult> phases) {}

    /**
     * A point of a distribution.
     *
     * @param nanos latency
     * @param fraction of all that had no more
     */
    public record Point(long nanos, double fraction) {
        private static final int TICKS_PER_HALVING = 4;
        private static final double ALL = 100;

        static List<Point> of(Histogram histogram) {
            List<Point> points = new ArrayList<>();
            for (HistogramIterationValue value : histogram.percentiles(TICKS_PER_HALVING)) {
                points.add(new Point(value.getValueIteratedTo(), value.getPercentileLevelIteratedTo() / ALL));
            }
            return List.copyOf(points);
        }
    }

    /**
     * What became of what was due in a phase.
     *
     * @param name of the phase
     * @param offered operations due
     * @param ops of them that were done before the load ended
     * @param latencyNs of these
     * @param late of these, those that took longer than the plan allows
     */
    public record PhaseResult(String name, long offered, long ops, Latency latencyNs, long late) {}
}
