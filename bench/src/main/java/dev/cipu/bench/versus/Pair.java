package dev.cipu.bench.versus;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.machine.Placement;
import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.report.Sample;
import java.util.Map;

/**
 * What both sides did right after each other, with the probes before, between and after.
 *
 * @param ours our figures by name
 * @param peer the peer's
 * @param before the probe before the peer's turn
 * @param between the probe after the peer's turn and before ours
 * @param after the probe after our turn
 */
record Pair(
        Map<String, Double> ours,
        Map<String, Double> peer,
        PlacementProbe.Reading before,
        PlacementProbe.Reading between,
        PlacementProbe.Reading after) {
    Placement placement() {
        return before.placement().and(between.placement()).and(after.placement());
    }

    Sample peerSample(int round, boolean used) {
        return sample(Sample.PEER, round, peer, before, between, used);
    }

    Sample ourSample(int round, boolean used) {
        return sample(Sample.OURS, round, ours, between, after, used);
    }

    private static Sample sample(
            String side,
            int round,
            Map<String, Double> figures,
            PlacementProbe.Reading first,
            PlacementProbe.Reading last,
            boolean used) {
        return new Sample(
                side,
                round,
                figures,
                Median.rounded(first.best(), 1),
                Median.rounded(last.best(), 1),
                first.placement().and(last.placement()).label(),
                used);
    }
}
