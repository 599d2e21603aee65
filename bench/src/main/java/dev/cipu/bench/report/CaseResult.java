package dev.cipu.bench.report;

import java.util.List;

/**
 * One line of the report. The names are those of the JSON report and stay.
 *
 * @param name of the case
 * @param unit of {@code ours} and {@code peer}
 * @param ours median of our samples that count
 * @param peer median of the peer's
 * @param peerName program, version and how it was set up
 * @param ratio above 1 is better for us, whatever the unit
 * @param samples all of them, also those that do not count
 * @param placement of the samples that count: near, far or mixed
 * @param figure the samples' figure that the case is about
 * @param moreIsBetter false for a latency
 */
public record CaseResult(
        String name,
        String unit,
        double ours,
        double peer,
        String peerName,
        double ratio,
        List<Sample> samples,
        String placement,
        String figure,
        boolean moreIsBetter) {}
