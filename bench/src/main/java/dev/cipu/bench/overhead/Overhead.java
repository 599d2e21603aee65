package dev.cipu.bench.overhead;

import dev.cipu.shim.load.GuestLoadResult;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that the overhead report says beyond its cases. Whoever shows it takes every number from {@code figures}, and each of them
 * tells which samples, formula or source it has.
 *
 * @param command repeats the run
 * @param ways in the order in which to show them
 * @param works in the order in which they were done
 * @param missing what was left out, and how to have it
 * @param warnings what makes the figures worth less
 * @param verdicts what was asked of the card, and whether it held
 * @param placement of the cores in the samples that count
 * @param figures all numbers
 * @param samples what they were taken from
 * @param curves distributions of latency
 * @param profiles where processor time went
 */
record Overhead(
        String command,
        List<WayRow> ways,
        List<WorkRow> works,
        List<String> missing,
        List<String> warnings,
        List<Verdict> verdicts,
        String placement,
        List<Figure> figures,
        List<SampleRow> samples,
        List<Curve> curves,
        List<Profile> profiles) {
    /**
     * A way that was measured.
     *
     * @param hostDevice whether the host pays for the device
     * @param measuredAs the way whose samples these are
     */
    record WayRow(String id, String title, String description, boolean hostDevice, String measuredAs) {}

    /**
     * A work that was done.
     *
     * @param operations what is counted, in the plural
     * @param leftOut ways that did not do it, and why
     */
    record WorkRow(String name, String operations, Work work, Map<String, String> leftOut) {}

    /**
     * Something asked of the card.
     *
     * @param figure the number that it is about
     * @param holds whether it is as asked
     */
    record Verdict(String text, String figure, boolean holds) {}

    /**
     * A sample.
     *
     * @param number by which figures name it
     * @param kind round, level, capacity or festival
     * @param used whether medians of its kind include it
     */
    record SampleRow(
            int number,
            String kind,
            String work,
            String way,
            int round,
            Map<String, Double> figures,
            double roundTripBefore,
            double roundTripAfter,
            String placement,
            boolean used) {}

    /**
     * A distribution.
     *
     * @param operation packet or request
     * @param sample which it was taken from: the one with the median of all medians
     */
    record Curve(String work, String way, String operation, int sample, List<GuestLoadResult.Point> points) {}

    /**
     * Where the time of a thread went, in a turn of its own.
     *
     * @param side driver or device
     * @param samples by method, the most first
     */
    record Profile(String work, String way, String side, Map<String, Integer> samples) {}

    /** The figure of that id, null if there is none. */
    @Nullable
    Figure figure(String id) {
        return figures.stream()
                .filter(figure -> figure.id().equals(id))
                .findFirst()
                .orElse(null);
    }
}
