package dev.cipu.sim.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.cipu.sim.event.EndOfTime;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Workload.Kind;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Virtual time is long: nothing may grow with it, and it ends in words. */
class LongRunTest {
    private static final double PER_SECOND = 100;
    private static final int SLICES = 72;
    private static final long SLICE = 50 * Picos.SECOND;

    private static Workload workload(Kind kind, double perSecond) {
        return new Workload(kind, 512, 2, 64, RingFormat.SPLIT, 16, perSecond, 64, true, false);
    }

    /**
     * An hour, of which each slice is measured by itself. What a slice allocates is its result; from early on that is the same,
     * however many events have been before.
     */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void memoryIsFlatOverAnHour(Kind kind) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] allocated = new long[SLICES];
        Result last = null;
        try (Simulation simulation = new Simulation(Timings.card(), workload(kind, PER_SECOND), 1)) {
            for (int i = 0; i < SLICES; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                last = simulation.run(0, SLICE);
                allocated[i] = threads.getCurrentThreadAllocatedBytes() - before;
            }
        }
        assertThat(last).isNotNull();
        assertThat(last.perSecond()).isCloseTo(PER_SECOND, within(PER_SECOND / 10));
        assertThat(last.dropped()).isZero();
        assertThat(last.events()).isGreaterThan((long) (5 * PER_SECOND * SLICES * 50));
        long early = most(allocated, SLICES / 8, SLICES / 4);
        // an object for each packet of a slice would be ten times this
        assertThat(most(allocated, SLICES * 3 / 4, SLICES)).isLessThan(early + 16 * 1024);
    }

    private static long most(long[] of, int from, int to) {
        long most = 0;
        for (int i = from; i < to; i++) {
            most = Math.max(most, of[i]);
        }
        return most;
    }

    @Test
    void virtualTimeEndsAfter106DaysAndSaysSo() {
        try (Simulation simulation = new Simulation(Timings.card(), workload(Kind.READ, 0.001), 1)) {
            simulation.run(0, 106 * 86_400 * Picos.SECOND);
            assertThatThrownBy(() -> simulation.run(0, 86_400 * Picos.SECOND))
                    .isInstanceOf(EndOfTime.class)
                    .hasMessageContaining("virtual time ends after 106.8 days")
                    .hasMessageContaining("day 106.");
        }
    }
}
