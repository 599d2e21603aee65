package dev.cipu.sim.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.blk.BlockOp;
import dev.cipu.device.card.Parameter;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ProfileTimingTest {
    private static final long MILLI = 1_000_000;

    private final FakeClock clock = new FakeClock();
    private final ProfileTiming full = TestCards.timing(TestCards.FULL, clock);

    /** How long a lone request takes. */
    private long alone(RequestTiming timing, BlockOp op, long bytes) {
        clock.pass(MILLI);
        return timing.due(clock.now, op, bytes) - clock.now;
    }

    @Test
    void latenciesAreTheProfilesAndFillItsRange() {
        RequestTiming disk = full.disk("blk0").get();
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < 10_000; i++) {
            long latency = alone(disk, BlockOp.READ, 4096);
            least = Math.min(least, latency);
            most = Math.max(most, latency);
            assertThat(alone(disk, BlockOp.WRITE, 512)).isEqualTo(17_000);
        }
        assertThat(least).isBetween(77_000L, 77_050L);
        assertThat(most).isBetween(86_950L, 87_000L);
        assertThat(alone(disk, BlockOp.FLUSH, 0)).isEqualTo(17_000);
        // a discard moves nothing, however long it is
        assertThat(alone(disk, BlockOp.DISCARD, 1L << 40)).isEqualTo(17_000);
    }

    @Test
    void whatIsLargerThanTheFiguresRequestTakesTheRestAtTheDisksBandwidth() {
        // 4 GB/s are 4 bytes in a nanosecond
        assertThat(alone(full.disk("d").get(), BlockOp.WRITE, 4096 + 400_000)).isEqualTo(17_000 + 100_000);
    }

    @Test
    void theSameDeviceDrawsTheSameLatenciesAndAnotherOneOthers() {
        RequestTiming first = full.disk("blk0").get();
        RequestTiming same =
                TestCards.timing(TestCards.FULL, clock).disk("blk0").get();
        RequestTiming other =
                TestCards.timing(TestCards.FULL, clock).disk("blk1").get();
        int differs = 0;
        for (int i = 0; i < 100; i++) {
            long latency = alone(first, BlockOp.READ, 4096);
            assertThat(same.due(clock.now, BlockOp.READ, 4096) - clock.now).isEqualTo(latency);
            differs += other.due(clock.now, BlockOp.READ, 4096) - clock.now == latency ? 0 : 1;
        }
        assertThat(differs).isGreaterThan(90);
    }

    /** Requests of all these a second, when every one of them wants as many as it can have. */
    private double perSecond(long bytes, RequestTiming... timings) {
        int count = 100_000;
        long begin = clock.now;
        long last = begin;
        for (int i = 0; i < count; i++) {
            last = Moments.later(last, timings[i % timings.length].due(begin, BlockOp.WRITE, bytes));
        }
        return (count - 1) * 1e9 / (last - begin);
    }

    @Test
    void aDisksRateIsTheLeastOfItsFiguresWhateverItsQueues() {
        Supplier<RequestTiming> disk = full.disk("blk0");
        assertThat(perSecond(512, disk.get(), disk.get())).isBetween(499_000.0, 500_000.0);
    }

    @Test
    void disksTogetherHaveTheCardsRate() {
        assertThat(perSecond(512, full.disk("blk0").get(), full.disk("blk1").get()))
                .isBetween(798_000.0, 800_000.0);
    }

    @Test
    void bytesAreLimitedAsRequestsAre() {
        double megabytes = perSecond(1 << 20, full.disk("blk0").get()) * (1 << 20) / MILLI;
        assertThat(megabytes).isBetween(3_950.0, 4_000.0);
        clock.pass(1_000 * MILLI * 1_000);
        double both =
                perSecond(1 << 20, full.disk("blk1").get(), full.disk("blk2").get()) * (1 << 20) / MILLI;
        assertThat(both).isBetween(5_950.0, 6_000.0);
    }

    @Test
    void aFrameTakesTheLinkAndTheCoresOneWayAndTheLinkAloneTheOther() {
        PortTiming port = full.port("net0");
        assertThat(port.fromGuest().due(clock.now, 64) - clock.now).isEqualTo(600 + 2_500);
        assertThat(port.toGuest().due(clock.now, 64) - clock.now).isEqualTo(500);
    }

    /** Frames of a size that arrive in a second, each way by itself. */
    private double framesPerSecond(int bytes, FrameTiming... ways) {
        int count = 100_000;
        long begin = clock.now;
        long last = begin;
        for (int i = 0; i < count; i++) {
            last = Moments.later(last, ways[i % ways.length].due(begin, bytes));
        }
        return (count - 1) * 1e9 / (last - begin);
    }

    @Test
    void framesHaveTheGuestsRateEachWayAndTheCardsTogether() {
        PortTiming first = full.port("net0");
        PortTiming second = full.port("net1");
        assertThat(framesPerSecond(64, first.fromGuest())).isBetween(3_990_000.0, 4_000_000.0);
        assertThat(framesPerSecond(64, first.toGuest())).isBetween(3_990_000.0, 4_000_000.0);
        clock.pass(1_000 * MILLI);
        assertThat(framesPerSecond(64, first.fromGuest(), second.fromGuest())).isBetween(4_980_000.0, 5_000_000.0);
        clock.pass(1_000 * MILLI);
        // 10 Gb/s
        assertThat(framesPerSecond(1_250, first.toGuest())).isBetween(999_000.0, 1_000_000.0);
    }

    @Test
    void whatIsNotKnownLimitsNothing() {
        ProfileTiming card = TestCards.timing(
                TestCards.card(Map.ofEntries(TestCards.figure(Parameter.ADDED_LATENCY, 2, null))), clock);
        RequestTiming disk = card.disk("blk0").get();
        for (int i = 0; i < 1_000; i++) {
            assertThat(disk.due(clock.now, BlockOp.READ, 1 << 20) - clock.now).isEqualTo(2_000);
        }
        assertThatThrownBy(() -> card.port("net0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no figures of networks");
    }

    @Test
    void aFigureThatLetsNothingThroughIsRefused() {
        assertThatThrownBy(() -> TestCards.timing(
                        TestCards.card(Map.ofEntries(TestCards.figure(Parameter.IOPS, 0, null))), clock))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("storage.iops 0 K IOPS [A]")
                .hasMessageContaining("let nothing through");
    }
}
