package dev.cipu.bench.versus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.report.Sample;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PairLogTest {
    private static final Metric RATE = new Metric("net/64B", "packets/s", "rate", true);
    private static final Metric LATENCY = new Metric("blk/latency", "us", "rate", false);
    private static final double NEAR = 90;
    private static final double FAR = 450;

    private static Pair pair(double ours, double peer, double before, double between, double after) {
        return new Pair(Map.of("rate", ours), Map.of("rate", peer), reading(before), reading(between), reading(after));
    }

    private static PlacementProbe.Reading reading(double nanos) {
        return new PlacementProbe.Reading(nanos, nanos);
    }

    private static PairLog log(int wanted, int most, Pair... pairs) {
        PairLog log = new PairLog(wanted, most);
        List.of(pairs).forEach(log::add);
        return log;
    }

    @Test
    void mediansAndRatioComeFromTheUsedPairs() {
        CaseResult result = log(
                        3,
                        6,
                        pair(30, 20, NEAR, NEAR, NEAR),
                        pair(1, 1000, NEAR, FAR, NEAR),
                        pair(40, 10, NEAR, NEAR, NEAR),
                        pair(20, 15, NEAR, NEAR, NEAR))
                .result(RATE, "them");
        assertThat(result.ours()).isEqualTo(30);
        assertThat(result.peer()).isEqualTo(15);
        assertThat(result.ratio()).isEqualTo(2);
        assertThat(result.placement()).isEqualTo("near");
        assertThat(result.samples()).hasSize(8);
        assertThat(result.samples().stream().filter(s -> !s.used()).map(Sample::round))
                .containsExactly(2, 2);
        assertThat(result.samples().stream().map(Sample::side).limit(4))
                .containsExactly("peer", "ours", "peer", "ours");
    }

    @Test
    void theRatioIsAboveOneForTheLowerLatency() {
        CaseResult result = log(1, 2, pair(2, 5, NEAR, NEAR, NEAR)).result(LATENCY, "them");
        assertThat(result.ratio()).isCloseTo(2.5, within(1e-9));
        assertThat(LATENCY.ratio(5, 2)).isLessThan(1);
        assertThat(RATE.ratio(5, 0)).isZero();
    }

    @Test
    void pairsOfTwoPlacementsAreNotMixed() {
        PairLog log = log(2, 9, pair(30, 20, NEAR, NEAR, NEAR), pair(3, 2, FAR, FAR, FAR), pair(5, 4, FAR, FAR, FAR));
        assertThat(log.wantsMore()).isFalse();
        CaseResult result = log.result(RATE, "them");
        assertThat(result.placement()).isEqualTo("far");
        assertThat(result.ours()).isEqualTo(4);
    }

    @Test
    void moreAreWantedUntilEnoughAreOfOnePlacement() {
        PairLog log = log(2, 3, pair(1, 1, NEAR, NEAR, NEAR), pair(1, 1, NEAR, NEAR, FAR));
        assertThat(log.wantsMore()).isTrue();
        log.add(pair(1, 1, FAR, FAR, FAR));
        assertThat(log.wantsMore()).as("three pairs are the bound").isFalse();
    }

    @Test
    void onlyMixedPairsMakeAMixedCase() {
        CaseResult result = log(1, 2, pair(3, 2, NEAR, FAR, NEAR), pair(5, 2, FAR, NEAR, FAR))
                .result(RATE, "them");
        assertThat(result.placement()).isEqualTo("mixed");
        assertThat(result.ours()).isEqualTo(4);
    }

    @Test
    void nothingWasMeasured() {
        CaseResult result = log(1, 2).result(RATE, "them");
        assertThat(result.ratio()).isZero();
        assertThat(result.samples()).isEmpty();
    }
}
