package dev.cipu.sim.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LatencyTest {
    private static long[] sorted(Latency latency) {
        long[] times = new long[200_000];
        Arrays.setAll(times, i -> latency.next());
        Arrays.sort(times);
        return times;
    }

    @Test
    void logNormalHasItsMedianAndItsTail() {
        long[] times = sorted(Latency.logNormal(75_000_000, 1.8, new Dice(6)));
        assertThat((double) times[100_000]).isCloseTo(75e6, within(0.5e6));
        assertThat((double) times[198_000]).isCloseTo(135e6, within(2e6));
        assertThat((double) times[2_000]).isCloseTo(75e6 / 1.8, within(1e6));
        assertThat(times[0]).isPositive();
    }

    /** exp(sigma squared / 2) times the median. */
    @Test
    void logNormalKnowsItsMean() {
        double sigma = Math.log(2) / 2.3263;
        assertThat((double) Latency.logNormal(1_000_000, 2, new Dice(7)).mean())
                .isCloseTo(1e6 * Math.exp(sigma * sigma / 2), within(1e3));
    }

    @Test
    void uniformStaysWithinItsEnds() {
        long[] times = sorted(Latency.uniform(1000, 3000, new Dice(8)));
        assertThat(times[0]).isBetween(1000L, 1010L);
        assertThat(times[199_999]).isBetween(2990L, 3000L);
        assertThat((double) times[100_000]).isCloseTo(2000, within(20.0));
    }

    @Test
    void withoutASpreadItIsAlwaysTheSame() {
        for (Latency each : new Latency[] {
            Latency.constant(5), Latency.uniform(5, 5, new Dice(1)), Latency.logNormal(5, 1, new Dice(1))
        }) {
            assertThat(each.next()).isEqualTo(5);
            assertThat(each.next()).isEqualTo(5);
            assertThat(each.mean()).isEqualTo(5);
        }
    }
}
