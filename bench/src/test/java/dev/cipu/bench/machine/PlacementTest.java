package dev.cipu.bench.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.posix.Affinity;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlacementTest {
    @Test
    void twoHundredNanosecondsAreFar() {
        assertThat(Placement.of(90)).isEqualTo(Placement.NEAR);
        assertThat(Placement.of(199.9)).isEqualTo(Placement.NEAR);
        assertThat(Placement.of(200)).isEqualTo(Placement.FAR);
    }

    @Test
    void aChangeIsMixed() {
        assertThat(Placement.NEAR.and(Placement.NEAR)).isEqualTo(Placement.NEAR);
        assertThat(Placement.FAR.and(Placement.FAR)).isEqualTo(Placement.FAR);
        assertThat(Placement.NEAR.and(Placement.FAR)).isEqualTo(Placement.MIXED);
        assertThat(Placement.MIXED.and(Placement.NEAR).label()).isEqualTo("mixed");
    }

    @Test
    void theProbeComesBackWithATime() throws InterruptedException {
        List<Integer> cores = Affinity.allowed();
        assumeTrue(cores.size() > 1, "one core only");
        PlacementProbe.Reading reading = new PlacementProbe(cores.get(0), cores.get(1)).read();
        assertThat(reading.best()).isPositive().isLessThanOrEqualTo(reading.median());
    }
}
