package dev.cipu.sim.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.cipu.dataplane.blk.BlockOp;
import dev.cipu.device.card.Parameter;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
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

    /** 77 us are what a guest sees, 2.1 of which it takes itself; what the card takes of them is not told, so it comes on top. */
    @Test
    void aRequestTakesTheDisksTimeAndWhatTheModelSaysOfTheCard() {
        RequestTiming disk = full.disk("blk0").get();
        // a doorbell, three reads of the ring and one of the header, a core's 1.25 us, the answer's crossing
        long card = 250 + 3 * 600 + 600 + 1_250 + 250;
        assertThat(alone(disk, BlockOp.READ, 4096)).isBetween(74_900L + card, 74_900L + card + 1_000);
        long write = alone(disk, BlockOp.WRITE, 4096);
        assertThat(write).isBetween(14_900L + card, 14_900L + card + 1_000);
        assertThat(alone(disk, BlockOp.WRITE, 512)).isCloseTo(write, within(2L));
        assertThat(alone(disk, BlockOp.FLUSH, 0)).isCloseTo(write, within(2L));
        // a discard moves nothing, however long it is
        assertThat(alone(disk, BlockOp.DISCARD, 1L << 40)).isCloseTo(write, within(2L));
    }

    /** A new timing of a disk that does not always take the same. */
    private RequestTiming varying(String id) {
        return TestCards.timing(TestCards.FULL.with(TestCards.of(Parameter.STORE_TAIL, 1.3)), clock)
                .disk(id)
                .get();
    }

    @Test
    void disksVaryAsTheModelSays() {
        RequestTiming disk = varying("blk0");
        long[] times = new long[10_000];
        Arrays.setAll(times, _ -> alone(disk, BlockOp.READ, 4096));
        Arrays.sort(times);
        // the 99th percentile is 1.3 times the median of the disk's 74.9 us
        assertThat((double) times[9_900] - times[5_000]).isCloseTo(0.3 * 74_900, within(0.08 * 74_900 * 0.3));
    }

    @Test
    void whatIsLargerTakesLinkEnginesAndDiskLonger() {
        RequestTiming disk = full.disk("d").get();
        long small = alone(disk, BlockOp.WRITE, 4096);
        // 6 bytes in a nanosecond, and the link's some 31
        double more = 60 * 1024 / 6.0 + 60 * 1024 / 32.0;
        assertThat((double) alone(disk, BlockOp.WRITE, 64 << 10) - small).isBetween(more, more * 1.3);
        double most = (1020 << 10) / 6.0 + (1020 << 10) / 32.0;
        assertThat((double) alone(disk, BlockOp.WRITE, 1 << 20) - small).isBetween(most, most * 1.3);
    }

    @Test
    void theSameDeviceDrawsTheSameLatenciesAndAnotherOneOthers() {
        RequestTiming first = varying("blk0");
        RequestTiming same = varying("blk0");
        RequestTiming other = varying("blk1");
        int differs = 0;
        for (int i = 0; i < 100; i++) {
            long latency = alone(first, BlockOp.READ, 4096);
            assertThat(same.due(clock.now, BlockOp.READ, 4096) - clock.now).isEqualTo(latency);
            differs += other.due(clock.now, BlockOp.READ, 4096) - clock.now == latency ? 0 : 1;
        }
        assertThat(differs).isGreaterThan(90);
    }

    /** Or all queues would be slow at once. */
    @Test
    void theQueuesOfADiskDrawLatenciesOfTheirOwn() {
        Supplier<RequestTiming> disk = TestCards.timing(
                        TestCards.FULL.with(TestCards.of(Parameter.STORE_TAIL, 1.3)), clock)
                .disk("blk0");
        RequestTiming first = disk.get();
        RequestTiming second = disk.get();
        int differs = 0;
        for (int i = 0; i < 100; i++) {
            long latency = alone(first, BlockOp.READ, 4096);
            differs += alone(second, BlockOp.READ, 4096) == latency ? 0 : 1;
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
                .isBetween(795_000.0, 801_000.0);
    }

    @Test
    void bytesAreLimitedAsRequestsAre() {
        double megabytes = perSecond(1 << 20, full.disk("blk0").get()) * (1 << 20) / MILLI;
        assertThat(megabytes).isBetween(3_950.0, 4_000.0);
        clock.pass(1_000 * MILLI * 1_000);
        double both =
                perSecond(1 << 20, full.disk("blk1").get(), full.disk("blk2").get()) * (1 << 20) / MILLI;
        assertThat(both).isBetween(5_900.0, 6_050.0);
    }

    /** A doorbell, three reads of the ring and one of the frame, the pipeline and the cable; back only a crossing. */
    @Test
    void aFrameIsFetchedOneWayAndWrittenTheOther() {
        PortTiming port = full.port("net0");
        assertThat(port.fromGuest().due(clock.now, 60) - clock.now)
                .isBetween(250L + 3 * 600 + 600 + 200, 250L + 3 * 600 + 600 + 200 + 300);
        assertThat(port.toGuest().due(clock.now, 60) - clock.now).isBetween(250L + 200, 250L + 200 + 400);
        clock.pass(MILLI);
        long small = port.toGuest().due(clock.now, 60) - clock.now;
        clock.pass(MILLI);
        // 100 Gb/s are 12.5 bytes in a nanosecond on the cable
        assertThat(port.toGuest().due(clock.now, 1_514) - clock.now - small).isBetween(116L, 300L);
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
        assertThat(framesPerSecond(64, first.fromGuest(), second.fromGuest())).isBetween(4_950_000.0, 5_050_000.0);
        clock.pass(1_000 * MILLI);
        // 10 Gb/s
        assertThat(framesPerSecond(1_250, first.toGuest())).isBetween(999_000.0, 1_000_000.0);
    }

    /** Without a link the host does it: nothing is left but the disk. */
    @Test
    void whatIsNotKnownLimitsNothing() {
        ProfileTiming card = TestCards.timing(
                TestCards.card(Map.ofEntries(
                        TestCards.figure(Parameter.READ_LATENCY, 12.1, null),
                        TestCards.figure(Parameter.STORE_TAIL, 1, null))),
                clock);
        RequestTiming disk = card.disk("blk0").get();
        for (int i = 0; i < 1_000; i++) {
            // what the model takes for a disk's rate has room for these
            clock.pass(MILLI);
            assertThat(disk.due(clock.now, BlockOp.READ, 4096) - clock.now).isBetween(10_000L, 10_300L);
            assertThat(disk.due(clock.now, BlockOp.FLUSH, 0) - clock.now).isLessThan(1_000);
        }
        assertThatThrownBy(() -> card.port("net0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no figures of networks");
    }

    @Test
    void aPortOfACardWithNothingButACrossingIsAModelToo() {
        PortTiming port = TestCards.timing(
                        TestCards.card(Map.ofEntries(
                                TestCards.figure(Parameter.LINK_GENERATION, 3, null),
                                TestCards.figure(Parameter.LINK_LANES, 8, null),
                                TestCards.figure(Parameter.LINK_CROSSING, 4e6, null),
                                TestCards.figure(Parameter.DMA_READ_LATENCY, 8e6, null))),
                        clock)
                .port("net0");
        assertThat(port.toGuest().due(clock.now, 60) - clock.now).isBetween(4_000_000L, 4_010_000L);
        assertThat(port.fromGuest().due(clock.now, 60) - clock.now).isBetween(36_000_000L, 36_100_000L);
    }

    @Test
    void figuresThatContradictEachOtherAreRefused() {
        assertThatThrownBy(
                        () -> TestCards.timing(TestCards.FULL.with(TestCards.of(Parameter.LINK_CROSSING, 1e6)), clock))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("dma.read-latency is less than two times link.crossing");
    }

    @Test
    void askingAllocatesNothing() {
        RequestTiming disk = full.disk("blk0").get();
        FrameTiming frames = full.port("net0").fromGuest();
        long sum = ask(disk, frames);
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        sum += ask(disk, frames);
        assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
        assertThat(sum).isPositive();
    }

    private long ask(RequestTiming disk, FrameTiming frames) {
        long sum = 0;
        for (int i = 0; i < 100_000; i++) {
            sum += disk.due(i, BlockOp.READ, 512L * (i & 255)) + frames.due(i, 60 + (i & 2047));
        }
        return sum;
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
