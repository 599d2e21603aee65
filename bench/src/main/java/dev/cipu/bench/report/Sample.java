package dev.cipu.bench.report;

import java.util.Map;

/**
 * One measurement of one side, with the round trip between the cores before and after it.
 *
 * @param side {@link #OURS} or {@link #PEER}
 * @param round pairs of one round are compared
 * @param figures by name; steady state only
 * @param roundTripBefore nanoseconds
 * @param roundTripAfter nanoseconds
 * @param placement near, far or mixed
 * @param used whether the sample counts in the medians
 */
public record Sample(
        String side,
        int round,
        Map<String, Double> figures,
        double roundTripBefore,
        double roundTripAfter,
        String placement,
        boolean used) {
    public static final String OURS = "ours";
    public static final String PEER = "peer";
}
