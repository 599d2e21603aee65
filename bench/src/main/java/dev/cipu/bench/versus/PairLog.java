package dev.cipu.bench.versus;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.machine.Placement;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.report.Sample;
import java.util.ArrayList;
import java.util.List;

/**
 * The pairs of one workload so far, and whether more are wanted. A pair during which the placement changed is kept in
 * the report and left out of the medians; another is run instead, up to a bound. Pairs of two placements are never
 * mixed: the placement with more pairs counts.
 */
final class PairLog {
    private final int wanted;
    private final int most;
    private final List<Pair> pairs = new ArrayList<>();

    /**
     * @param wanted pairs of one placement
     * @param most pairs after which to give up on that
     */
    PairLog(int wanted, int most) {
        this.wanted = wanted;
        this.most = most;
    }

    void add(Pair pair) {
        pairs.add(pair);
    }

    int size() {
        return pairs.size();
    }

    boolean wantsMore() {
        return pairs.size() < most && count(placement()) < wanted;
    }

    /** The placement whose pairs count; {@link Placement#MIXED} only if there is no pair of another. */
    Placement placement() {
        long near = count(Placement.NEAR);
        long far = count(Placement.FAR);
        if (near == 0 && far == 0) {
            return Placement.MIXED;
        }
        return near >= far ? Placement.NEAR : Placement.FAR;
    }

    private long count(Placement placement) {
        return placement == Placement.MIXED
                ? 0
                : pairs.stream().filter(p -> p.placement() == placement).count();
    }

    /** The case that one metric makes of the pairs. */
    CaseResult result(Metric metric, String peerName) {
        Placement counts = placement();
        List<Sample> samples = new ArrayList<>();
        List<Double> ours = new ArrayList<>();
        List<Double> peer = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            Pair pair = pairs.get(i);
            boolean used = pair.placement() == counts;
            samples.add(pair.peerSample(i + 1, used));
            samples.add(pair.ourSample(i + 1, used));
            if (used) {
                ours.add(pair.ours().getOrDefault(metric.figure(), 0.0));
                peer.add(pair.peer().getOrDefault(metric.figure(), 0.0));
            }
        }
        double our = Median.of(ours);
        double theirs = Median.of(peer);
        return new CaseResult(
                metric.caseName(),
                metric.unit(),
                our,
                theirs,
                peerName,
                Median.rounded(metric.ratio(our, theirs), 3),
                samples,
                counts.label(),
                metric.figure(),
                metric.moreIsBetter());
    }
}
