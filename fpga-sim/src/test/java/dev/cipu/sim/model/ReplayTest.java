package dev.cipu.sim.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.RecordedQueue.Use;
import dev.cipu.virtio.ring.RingFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Recordings that a test makes up, replayed into a card of round figures. */
class ReplayTest {
    private static final int FLOWS = 16;

    /** A network device with a pair, and a disk. */
    private static final List<RecordedQueue> QUEUES = List.of(
            new RecordedQueue(Use.RECEIVE, 1514),
            new RecordedQueue(Use.TRANSMIT, 1514),
            new RecordedQueue(Use.REQUESTS, 1));

    /** What the test recorded. */
    private record Item(long time, int queue, Operation operation, int bytes) {}

    private static final class Items implements Recording {
        private final List<Item> items;
        private int at = -1;

        Items(List<Item> items) {
            this.items = items;
        }

        private Item item() {
            return items.get(at);
        }

        @Override
        public boolean next() {
            return ++at < items.size();
        }

        @Override
        public long time() {
            return item().time();
        }

        @Override
        public int queue() {
            return item().queue();
        }

        @Override
        public Operation operation() {
            return item().operation();
        }

        @Override
        public int bytes() {
            return item().bytes();
        }

        @Override
        public int flow() {
            return at % FLOWS;
        }
    }

    private static DriverHabits habits(RingFormat format) {
        return new DriverHabits(format, 256, 16, true, false);
    }

    private static ReplayResult run(Timing timing, List<Item> items, RingFormat format, boolean unpaced, long seed) {
        try (Replay replay = new Replay(timing, QUEUES, new Items(items), habits(format), unpaced, seed)) {
            return replay.run();
        }
    }

    private static ReplayResult run(Timing timing, List<Item> items) {
        return run(timing, items, RingFormat.SPLIT, false, 1);
    }

    /** Of everything something, 10 us between one and the next. */
    private static List<Item> mixture(int count) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long time = 10L * i * Picos.MICRO;
            items.add(
                    switch (i % 6) {
                        case 0 -> new Item(time, 1, Operation.SEND, 60 + i % 1400);
                        case 1 -> new Item(time, 0, Operation.RECEIVE, 60 + i % 1400);
                        case 2 -> new Item(time, 2, Operation.READ, 4096 << i % 3);
                        case 3 -> new Item(time, 2, Operation.WRITE, 512 * (1 + i % 8));
                        case 4 -> new Item(time, 2, Operation.FLUSH, 0);
                        default -> new Item(time, 2, Operation.DISCARD, 32);
                    });
        }
        return items;
    }

    private static ReplayResult.Done done(ReplayResult result, Operation operation) {
        return result.operations().stream()
                .filter(each -> each.operation() == operation)
                .findFirst()
                .orElseThrow();
    }

    private static Spread total(ReplayResult result, Operation operation) {
        return Objects.requireNonNull(done(result, operation).total());
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void everythingIsDoneAndCountedByWhatItIs(RingFormat format) {
        List<Item> items = mixture(6000);
        for (boolean unpaced : new boolean[] {false, true}) {
            ReplayResult result = run(Timings.card(), items, format, unpaced, 1);
            assertThat(result.operations()).hasSize(6).allSatisfy(each -> {
                assertThat(each.count()).isEqualTo(1000);
                assertThat(each.dropped()).isZero();
                long bytes = items.stream()
                        .filter(item -> item.operation() == each.operation())
                        .mapToLong(Item::bytes)
                        .sum();
                assertThat(each.bytes()).isEqualTo(bytes);
            });
        }
    }

    @Test
    void theSameIsTheSameToTheLastBit() {
        List<Item> items = mixture(3000);
        ReplayResult once = run(Timings.card(), items);
        assertThat(run(Timings.card(), items)).isEqualTo(once);
        assertThat(run(Timings.card(), items, RingFormat.SPLIT, false, 2).checksum())
                .isNotEqualTo(once.checksum());
        items.set(7, new Item(items.get(7).time(), 0, Operation.RECEIVE, 1500));
        assertThat(run(Timings.card(), items).checksum()).isNotEqualTo(once.checksum());
    }

    /** The store's times are 75 us and 15 us, a flush takes what a write takes, and frames pass no store. */
    @Test
    void eachTakesWhatItTakesOfThisCard() {
        ReplayResult result = run(Timings.card(), mixture(6000));
        assertThat(total(result, Operation.READ).p50()).isBetween(76_000.0, 90_000.0);
        assertThat(total(result, Operation.WRITE).p50()).isBetween(16_000.0, 30_000.0);
        assertThat(total(result, Operation.FLUSH).p50()).isBetween(16_000.0, 30_000.0);
        assertThat(total(result, Operation.SEND).p50()).isLessThan(5_000);
        assertThat(done(result, Operation.SEND).stages())
                .extracting(each -> each.part())
                .contains(Part.FETCH, Part.UPLINK_OUT)
                .doesNotContain(Part.STORE);
        assertThat(done(result, Operation.READ).stages())
                .extracting(each -> each.part())
                .contains(Part.STORE, Part.DELIVER);
        // it lasts as long as the recording did
        assertThat(result.seconds()).isCloseTo(0.06, within(0.001));
    }

    /** Silence of hours costs nothing but a number. */
    @Test
    void timesAreKept() {
        List<Item> items = List.of(
                new Item(0, 1, Operation.SEND, 60),
                new Item(7200 * Picos.SECOND, 1, Operation.SEND, 60),
                new Item(7200 * Picos.SECOND + 5 * Picos.MILLI, 0, Operation.RECEIVE, 60));
        ReplayResult result = run(Timings.card(), items);
        assertThat(result.seconds()).isCloseTo(7200.005, within(0.0001));
        assertThat(result.events()).isLessThan(1000);
        assertThat(total(result, Operation.SEND).most()).isLessThan(10_000);
    }

    /** A store of a thousand requests a second under ten thousand: the line grows, then it is full. */
    @Test
    void whatIsTooMuchWaitsAndThenIsDropped() {
        Timing card = Timings.card();
        Timing slow = new Timing(
                card.card(),
                card.link(),
                card.memory(),
                card.engine(),
                card.engines(),
                card.network(),
                new Timing.Storage(false, 4, 500_000, 75_000_000, 15_000_000, 1.3, 1000, 40e9),
                card.interrupts(),
                card.host(),
                0,
                card.crossing());
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            items.add(new Item(100L * i * Picos.MICRO, 2, Operation.READ, 4096));
        }
        ReplayResult result = run(slow, items);
        ReplayResult.Done reads = done(result, Operation.READ);
        assertThat(reads.count() + reads.dropped()).isEqualTo(20_000);
        // two seconds pass two thousand; 16384 wait in the line and 256 in the ring
        assertThat(reads.dropped()).isBetween(1_000L, 2_000L);
        assertThat(result.seconds()).isCloseTo(reads.count() / 1000.0, within(0.1));
        assertThat(total(result, Operation.READ).most()).isGreaterThan(14e9);
        assertThat(result.loads().getFirst().name()).isEqualTo("store");
        // nothing is dropped where everything waits for its turn
        ReplayResult patient = run(slow, items.subList(0, 2000), RingFormat.SPLIT, true, 1);
        assertThat(done(patient, Operation.READ).dropped()).isZero();
        assertThat(patient.seconds()).isCloseTo(2, within(0.01));
    }

    /** As fast as the card takes them: eight cores of 2.25 M packets a second, both ways together. */
    @Test
    void unpacedTrafficTakesAllOfTheCard() {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            items.add(
                    i % 2 == 0
                            ? new Item(i * Picos.SECOND, 1, Operation.SEND, 60)
                            : new Item(i * Picos.SECOND, 0, Operation.RECEIVE, 60));
        }
        ReplayResult result = run(Timings.card(), items, RingFormat.PACKED, true, 1);
        assertThat(result.operations())
                .allSatisfy(each -> assertThat(each.dropped()).isZero());
        assertThat(40_000 / result.seconds()).isBetween(8e6, 18.2e6);
        assertThat(result.loads().getFirst().use()).isGreaterThan(0.85);
    }

    /** Packets through a card, requests through the host beside it: both are there, and only those are the host's. */
    @Test
    void aHostThatServesDisksBesideACardIsSeen() {
        Timing card = Timings.card();
        Timing beside = new Timing(
                card.card(),
                card.link(),
                card.memory(),
                card.engine(),
                card.engines(),
                card.network(),
                Timings.host().storage(),
                card.interrupts(),
                card.host(),
                0,
                card.crossing());
        List<Item> items = mixture(6000);
        ReplayResult result = run(beside, items);
        assertThat(result.loads())
                .extracting(Load::name)
                .contains("card cores, packets", "disks: host cores, requests");
        // two thirds are requests of 7.7 us, one each 10 us
        assertThat(result.hostCores()).isCloseTo(0.515, within(0.03));
        assertThat(run(card, items).hostCores()).isZero();
        assertThat(result.wireBytesUpEach()).isLessThan(run(card, items).wireBytesUpEach());
    }

    /** Whatever a guest's core takes to receive, two take half. */
    @Test
    void framesGoToTheQueueThatReceivedThem() {
        double one = secondsToReceive(1);
        double two = secondsToReceive(2);
        assertThat(two).isBetween(0.4 * one, 0.7 * one);
    }

    private static double secondsToReceive(int queues) {
        Timing card = Timings.card();
        // a guest's core takes 1 us, so that it is what binds
        Timing slow = new Timing(
                card.card(),
                card.link(),
                card.memory(),
                card.engine(),
                card.engines(),
                card.network(),
                card.storage(),
                card.interrupts(),
                new Timing.Host(500_000, 1_500_000, 500_000, 600_000),
                0,
                card.crossing());
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            items.add(new Item(0, i % queues, Operation.RECEIVE, 60));
        }
        try (Replay replay = new Replay(
                slow,
                Collections.nCopies(queues, new RecordedQueue(Use.RECEIVE, 60)),
                new Items(items),
                habits(RingFormat.PACKED),
                true,
                1)) {
            ReplayResult result = replay.run();
            assertThat(done(result, Operation.RECEIVE).dropped()).isZero();
            return result.seconds();
        }
    }

    /** The recording has sixteen flows: a card that knows as many does most by itself, one that knows half has its cores do it. */
    @Test
    void flowsAreThoseThatWereRecorded() {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 4_000; i++) {
            items.add(new Item(10L * i * Picos.MICRO, 1, Operation.SEND, 60));
        }
        double all = total(run(knowing(2 * FLOWS), items), Operation.SEND).p50();
        double half = total(run(knowing(FLOWS / 2), items), Operation.SEND).p50();
        assertThat(half).isGreaterThan(all + 300);
    }

    private static Timing knowing(int flows) {
        Timing card = Timings.card();
        return new Timing(
                card.card(),
                card.link(),
                card.memory(),
                card.engine(),
                card.engines(),
                new Timing.Network(Timings.UPLINK, 1024, 41_667, flows, 8, 444_444, 0, null),
                card.storage(),
                card.interrupts(),
                card.host(),
                0,
                card.crossing());
    }

    @Test
    void whatIsToldOfEachAndOfASecondFitsTheWhole() {
        ReplayResult result = run(Timings.card(), mixture(6000));
        double perSecond = 6000 / result.seconds();
        assertThat(result.loads())
                .extracting(Load::name)
                .doesNotHaveDuplicates()
                .noneMatch(name -> name.startsWith("disks: "));
        assertThat(result.loads())
                .filteredOn(each -> each.use() > 0.001)
                .isNotEmpty()
                .allSatisfy(
                        each -> assertThat(each.ceiling() * each.use()).isCloseTo(perSecond, within(0.01 * perSecond)));
        // a page each for data, ring and what else there is
        assertThat(result.iotlbMissesEach()).isBetween(0.1, 10.0);
    }

    @Test
    void moreQueuesThanAModelTakesAreRefused() {
        assertThatThrownBy(() -> new Replay(
                        Timings.card(),
                        Collections.nCopies(Replay.MOST_QUEUES + 1, new RecordedQueue(Use.TRANSMIT, 60)),
                        new Items(List.of()),
                        habits(RingFormat.SPLIT),
                        false,
                        1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1025 queues");
    }

    @Test
    void noQueuesAreNoReplay() {
        assertThatThrownBy(() ->
                        new Replay(Timings.card(), List.of(), new Items(List.of()), habits(RingFormat.SPLIT), false, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anEmptyRecordingIsDoneAtOnce() {
        ReplayResult result = run(Timings.card(), List.of());
        assertThat(result.operations()).isEmpty();
    }
}
