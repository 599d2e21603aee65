package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.bench.machine.Placement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TurnLogTest {
    private static final Work WORK = new Work("w", new Work.Packets(64, 0), null);
    private static final double NEAR = 60;
    private static final double FAR = 330;

    private final TurnLog log = new TurnLog();

    private void add(Turn.Kind kind, Way way, double value, double before, double after) {
        Measured measured = new Measured(Map.of("f", value), List.of(), List.of(), Map.of(), Map.of());
        log.add(kind, WORK, way, 1, measured, before, after);
    }

    @Test
    void onlySamplesOfThePlacementThatIsMoreFrequentCount() {
        add(Turn.Kind.ROUND, Way.CARD, 1, NEAR, NEAR);
        add(Turn.Kind.ROUND, Way.CARD, 2, NEAR, FAR);
        add(Turn.Kind.ROUND, Way.CARD, 3, FAR, FAR);
        add(Turn.Kind.ROUND, Way.BARE, 4, NEAR, NEAR);
        assertThat(log.placement()).isEqualTo(Placement.NEAR);
        assertThat(log.field(WORK, Way.CARD, "f")).containsExactly(Map.entry(1, 1.0));
        assertThat(log.isMixed(WORK, Way.CARD)).isFalse();
    }

    @Test
    void aWayThatWasNeverSteadyCountsWithAllItHas() {
        add(Turn.Kind.ROUND, Way.CARD, 1, NEAR, NEAR);
        add(Turn.Kind.ROUND, Way.BARE, 2, NEAR, FAR);
        add(Turn.Kind.ROUND, Way.BARE, 3, FAR, FAR);
        assertThat(log.placement()).isEqualTo(Placement.NEAR);
        assertThat(log.isMixed(WORK, Way.BARE)).isTrue();
        assertThat(log.field(WORK, Way.BARE, "f")).containsOnlyKeys(2, 3);
    }

    @Test
    void samplesTakenForSomethingElseDoNotCount() {
        add(Turn.Kind.ROUND, Way.CARD, 1, NEAR, NEAR);
        add(Turn.Kind.LEVEL, Way.CARD, 2, NEAR, NEAR);
        add(Turn.Kind.FESTIVAL, Way.CARD, 3, FAR, FAR);
        assertThat(log.field(WORK, Way.CARD, "f")).containsOnlyKeys(1);
        assertThat(log.all()).extracting(Turn::number).containsExactly(1, 2, 3);
    }
}
