package dev.cipu.sim.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What was counted of one sort of journeys, times in picoseconds. Histograms are made when something is entered first. */
final class Tally {
    /** Longer ones count as this long: a thousand seconds. */
    private static final long LONGEST = 1_000_000_000_000_000L;

    private static final int DIGITS = 3;

    private long finished;
    private long dropped;
    private long bytes;
    private @Nullable Histogram total;
    private final Map<Part, Histogram> parts = new EnumMap<>(Part.class);

    /** What was counted so far counts no more, but for times: those belong to what began while measuring. */
    void restart() {
        finished = 0;
        dropped = 0;
        bytes = 0;
    }

    /** One has arrived, with so many bytes. */
    void finish(int payload) {
        finished++;
        bytes += payload;
    }

    /** One has found no room. */
    void drop() {
        dropped++;
    }

    /** One has taken so long from its begin to its end. */
    void total(long picos) {
        Histogram histogram = total;
        if (histogram == null) {
            histogram = new Histogram(LONGEST, DIGITS);
            total = histogram;
        }
        histogram.recordValue(Math.min(picos, LONGEST));
    }

    /** One has taken so long for a part of its way. */
    void part(Part part, long picos) {
        Histogram histogram = parts.get(part);
        if (histogram == null) {
            histogram = new Histogram(LONGEST, DIGITS);
            parts.put(part, histogram);
        }
        histogram.recordValue(Math.min(picos, LONGEST));
    }

    long finished() {
        return finished;
    }

    long dropped() {
        return dropped;
    }

    long bytes() {
        return bytes;
    }

    /** From begin to end, of those that did both while measuring; null if none did. */
    @Nullable
    Spread spread() {
        return total == null ? null : Spread.of(total);
    }

    /** Picoseconds from begin to end, 0 if there are none. */
    double mean() {
        return total == null ? 0 : total.getMean();
    }

    /** The parts of the way that were passed, in order. */
    List<Result.Stage> stages() {
        List<Result.Stage> stages = new ArrayList<>();
        double counted = total == null ? 1 : total.getTotalCount();
        parts.forEach((part, histogram) -> {
            double share = histogram.getTotalCount() / counted;
            stages.add(new Result.Stage(part, histogram.getMean() / 1e3 * share, Spread.of(histogram)));
        });
        return stages;
    }

    /** Goes on with a sum over everything that happened. */
    long checksum(long before) {
        long sum = before;
        if (total != null) {
            for (var value : total.recordedValues()) {
                sum = sum * 31 + value.getValueIteratedTo();
                sum = sum * 31 + value.getCountAtValueIteratedTo();
            }
        }
        return sum;
    }
}
