package dev.cipu.bench.versus;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.report.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * One case in an older and in a newer report. What is compared are the ratios to the peer, pair by pair: the peer ran in the
 * same seconds on the same cores, so what the machine did that day cancels out.
 *
 * @param name of the case
 * @param before median ratio of the older report's pairs that count, above 1 is better for us
 * @param after of the newer report's
 * @param change {@code after} over {@code before}
 * @param low lower end of the change's confidence interval
 * @param high upper end
 * @param verdict what that means
 */
record CaseComparison(
        String name, double before, double after, double change, double low, double high, Verdict verdict) {
    /** Chance that the true change lies outside of the interval. */
    static final double ALPHA = 0.05;

    /** Pairs without which draws from them say nothing about noise. */
    static final int FEWEST_PAIRS = 3;

    private static final int RESAMPLES = 4000;

    /** Fixed, so that two looks at the same reports say the same. */
    private static final long SEED = 20_160_911;

    /** What a change means. */
    enum Verdict {
        /** Beyond noise and tolerance. */
        BETTER,
        WORSE,
        /** The interval lies within the tolerance. */
        SAME,
        /** Too few pairs, or an interval too wide to tell. */
        UNKNOWN
    }

    /**
     * Compares.
     *
     * @param before ratios of the older pairs, at least one
     * @param after ratios of the newer ones, at least one
     * @param tolerance part of the rate that may be lost or won without being worth a word, such as 0.05
     */
    static CaseComparison of(String name, double[] before, double[] after, double tolerance) {
        double old = median(before);
        double now = median(after);
        double[] changes = new double[RESAMPLES];
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < RESAMPLES; i++) {
            changes[i] = median(drawn(after, random)) / median(drawn(before, random));
        }
        Arrays.sort(changes);
        double low = changes[(int) (RESAMPLES * ALPHA / 2)];
        double high = changes[(int) (RESAMPLES * (1 - ALPHA / 2)) - 1];
        boolean few = Math.min(before.length, after.length) < FEWEST_PAIRS;
        Verdict verdict = few ? Verdict.UNKNOWN : verdict(low, high, tolerance);
        return new CaseComparison(name, old, now, now / old, low, high, verdict);
    }

    private static Verdict verdict(double low, double high, double tolerance) {
        if (high < 1 - tolerance) {
            return Verdict.WORSE;
        }
        if (low > 1 + tolerance) {
            return Verdict.BETTER;
        }
        return low >= 1 - tolerance && high <= 1 + tolerance ? Verdict.SAME : Verdict.UNKNOWN;
    }

    private static double[] drawn(double[] from, SplittableRandom random) {
        double[] drawn = new double[from.length];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = from[random.nextInt(from.length)];
        }
        return drawn;
    }

    private static double median(double[] values) {
        return Median.of(Arrays.stream(values).boxed().toList());
    }

    /** All cases that both reports have with pairs that count, in the older one's order but that what got worse is first. */
    static List<CaseComparison> of(JsonNode older, JsonNode newer, double tolerance) {
        List<CaseComparison> all = new ArrayList<>();
        for (JsonNode one : older.path("cases")) {
            String name = one.path("name").asString("");
            newer.path("cases")
                    .valueStream()
                    .filter(other -> other.path("name").asString("").equals(name))
                    .findFirst()
                    .ifPresent(other -> {
                        double[] before = ratios(one);
                        double[] after = ratios(other);
                        if (before.length > 0 && after.length > 0) {
                            all.add(of(name, before, after, tolerance));
                        }
                    });
        }
        all.sort(Comparator.comparing(one -> one.verdict() != Verdict.WORSE));
        return all;
    }

    /** The ratios of a case's pairs that count. */
    private static double[] ratios(JsonNode one) {
        String figure = one.path("figure").asString("");
        boolean more = one.path("moreIsBetter").asBoolean(true);
        TreeMap<Integer, Double> ours = new TreeMap<>();
        TreeMap<Integer, Double> peer = new TreeMap<>();
        for (JsonNode sample : one.path("samples")) {
            double value = sample.path("figures").path(figure).asDouble(0);
            if (sample.path("used").asBoolean(false) && value > 0) {
                (sample.path("side").asString("").equals(Sample.OURS) ? ours : peer)
                        .put(sample.path("round").asInt(0), value);
            }
        }
        Metric metric = new Metric("", "", figure, more);
        return ours.entrySet().stream()
                .filter(pair -> peer.containsKey(pair.getKey()))
                .mapToDouble(pair -> metric.ratio(pair.getValue(), peer.getOrDefault(pair.getKey(), 0.0)))
                .toArray();
    }
}
