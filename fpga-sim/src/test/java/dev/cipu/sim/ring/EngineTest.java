package dev.cipu.sim.ring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.sim.event.Latency;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.HostMemory;
import dev.cipu.sim.memory.Iotlb;
import dev.cipu.sim.memory.LocalDma;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What engines read, how often, and what they make of a driver that breaks the rules. */
class EngineTest implements ChainTaker {
    private static final int SIZE = 16;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final Timeline timeline = new Timeline();
    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 16, 4096);
    private final CardMemory card = new CardMemory(Arena.ofAuto().allocate(1 << 16, 64));
    private final List<Chain> chains = new ArrayList<>();
    private int used;

    @Override
    public void take(Chain chain) {
        chains.add(chain);
    }

    @Override
    public void used(int count) {
        used += count;
    }

    private DriverQueue driver(RingFormat format) {
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, RingFeature.INDIRECT_DESC);
        return DriverQueue.of(
                memory, 0, SIZE, format == RingFormat.PACKED ? features.with(RingFeature.RING_PACKED) : features, 0);
    }

    private DescriptorEngine engine(RingFormat format, DriverQueue driver, int prefetch, int line) {
        HostMemory host = new HostMemory(memory, 0, Latency.constant(0), new Iotlb(0, 4096, 0));
        EngineShape shape = new EngineShape(prefetch, line, 1, 0, 8, false);
        return DescriptorEngine.of(
                format,
                RingPlace.of(driver),
                shape,
                timeline,
                new LocalDma(timeline, host, card.content()),
                card,
                this);
    }

    private void settle() {
        while (timeline.waiting() > 0) {
            timeline.step();
        }
    }

    private static void add(DriverQueue driver, int count, int parts) {
        long[] addresses = new long[parts];
        int[] lengths = new int[parts];
        for (int i = 0; i < parts; i++) {
            addresses[i] = 0x8000 + 64L * i;
            lengths[i] = 64;
        }
        for (int i = 0; i < count; i++) {
            assertThat(driver.add(addresses, lengths, parts, parts)).isNotNegative();
        }
        driver.publish();
    }

    /**
     * Without batching, a split queue's packet takes the index, the entry and the descriptor, a packed one's the descriptor; a
     * packed engine then looks whether there is another.
     */
    @ParameterizedTest
    @CsvSource({
        "SPLIT,1,1,1,1,3", "SPLIT,1,1,4,1,9", "SPLIT,16,4,16,1,3", "SPLIT,16,1,8,2,4", "SPLIT,16,16,8,2,3",
        "SPLIT,4,4,16,1,9", "PACKED,1,1,1,1,2", "PACKED,1,1,4,1,5", "PACKED,16,1,15,1,1", "PACKED,16,1,16,1,1",
        "PACKED,4,1,8,2,5"
    })
    void roundTripsAreCounted(RingFormat format, int prefetch, int line, int packets, int parts, int roundTrips) {
        DriverQueue driver = driver(format);
        DescriptorEngine engine = engine(format, driver, prefetch, line);
        engine.allow(SIZE);
        add(driver, packets, parts);
        engine.doorbell();
        settle();
        assertThat(chains).hasSize(packets);
        assertThat(engine.roundTrips()).isEqualTo(roundTrips);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void noMoreChainsAreReadThanThereIsRoomFor(RingFormat format) {
        DriverQueue driver = driver(format);
        DescriptorEngine engine = engine(format, driver, 4, 4);
        engine.allow(2);
        add(driver, 6, 1);
        engine.doorbell();
        settle();
        assertThat(chains).hasSize(2);
        engine.allow(3);
        settle();
        assertThat(chains).hasSize(5);
        engine.allow(3);
        settle();
        assertThat(chains).hasSize(6);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void nothingIsReadBeforeADoorbell(RingFormat format) {
        DriverQueue driver = driver(format);
        DescriptorEngine engine = engine(format, driver, 4, 4);
        engine.allow(SIZE);
        add(driver, 2, 1);
        settle();
        assertThat(chains).isEmpty();
        assertThat(engine.roundTrips()).isZero();
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void theDriversWishIsRead(RingFormat format) {
        DriverQueue driver = driver(format);
        DescriptorEngine engine = engine(format, driver, 4, 4);
        engine.allow(SIZE);
        add(driver, 2, 1);
        engine.doorbell();
        settle();
        for (boolean wanted : new boolean[] {true, false, true}) {
            if (wanted) {
                driver.awaitCalls();
            } else {
                driver.suppressCalls();
            }
            engine.readSuppression(_ -> {}, 0);
            settle();
            assertThat(engine.wantsInterrupt()).isEqualTo(wanted);
        }
        engine.complete(chains.getFirst(), 0);
        settle();
        assertThat(used).isEqualTo(1);
        assertThat(driver.poll()).isEqualTo(chains.getFirst().id());
    }

    /** A descriptor of a split table. */
    private void split(DriverQueue driver, int index, int length, int flags, int next) {
        long at = driver.descriptorAddress() + 16L * index;
        memory.set(Le.LONG, at, 0x8000);
        memory.set(Le.INT, at + 8, length);
        memory.set(Le.SHORT, at + 12, (short) flags);
        memory.set(Le.SHORT, at + 14, (short) next);
    }

    private void publishSplit(DriverQueue driver, int head, int index) {
        memory.set(Le.SHORT, driver.driverAreaAddress() + 4, (short) head);
        memory.set(Le.SHORT, driver.driverAreaAddress() + 2, (short) index);
    }

    /** A descriptor of a packed ring, available in the first lap. */
    private void packed(DriverQueue driver, int index, int length, int flags) {
        long at = driver.descriptorAddress() + 16L * index;
        memory.set(Le.LONG, at, 0x8000);
        memory.set(Le.INT, at + 8, length);
        memory.set(Le.SHORT, at + 14, (short) (flags | 1 << 7));
    }

    private void assertBreaks(RingFormat format, DriverQueue driver) {
        DescriptorEngine engine = engine(format, driver, 4, 4);
        engine.allow(SIZE);
        engine.doorbell();
        settle();
        assertThat(engine.isBroken()).isTrue();
        assertThat(chains).isEmpty();
        long before = engine.roundTrips();
        engine.doorbell();
        engine.allow(1);
        settle();
        assertThat(engine.roundTrips()).isEqualTo(before);
    }

    @Test
    void anIndexThatJumpsTooFarEndsTheQueue() {
        DriverQueue driver = driver(RingFormat.SPLIT);
        split(driver, 0, 64, 0, 0);
        publishSplit(driver, 0, SIZE + 1);
        assertBreaks(RingFormat.SPLIT, driver);
    }

    @ParameterizedTest
    @CsvSource({"16,0,0,0", "0,64,1,16", "0,64,1,0", "0,32,5,1", "0,40,4,0", "0,0,4,0", "0,4096,4,0"})
    void splitChainsThatBreakTheRulesEndTheQueue(int head, int length, int flags, int next) {
        DriverQueue driver = driver(RingFormat.SPLIT);
        split(driver, 0, length, flags, next);
        publishSplit(driver, head, 1);
        assertBreaks(RingFormat.SPLIT, driver);
    }

    @Test
    void whatIsReadComesBeforeWhatIsWritten() {
        DriverQueue driver = driver(RingFormat.SPLIT);
        split(driver, 0, 64, NEXT | WRITE, 1);
        split(driver, 1, 64, 0, 0);
        publishSplit(driver, 0, 1);
        assertBreaks(RingFormat.SPLIT, driver);
    }

    @Test
    void aTableInATableEndsTheQueue() {
        DriverQueue driver = driver(RingFormat.SPLIT);
        split(driver, 0, 32, INDIRECT, 0);
        memory.set(Le.SHORT, 0x8000 + 12, (short) INDIRECT);
        publishSplit(driver, 0, 1);
        assertBreaks(RingFormat.SPLIT, driver);
    }

    @Test
    void aLoopInATableEndsTheQueue() {
        DriverQueue driver = driver(RingFormat.SPLIT);
        split(driver, 0, 32, INDIRECT, 0);
        memory.set(Le.SHORT, 0x8000 + 12, (short) NEXT);
        memory.set(Le.SHORT, 0x8000 + 14, (short) 0);
        publishSplit(driver, 0, 1);
        assertBreaks(RingFormat.SPLIT, driver);
    }

    @ParameterizedTest
    @CsvSource({"64,1", "32,5", "40,4", "0,4", "4096,4"})
    void packedChainsThatBreakTheRulesEndTheQueue(int length, int flags) {
        DriverQueue driver = driver(RingFormat.PACKED);
        packed(driver, 0, length, flags);
        assertBreaks(RingFormat.PACKED, driver);
    }

    @Test
    void aPackedChainLongerThanItsRingEndsTheQueue() {
        DriverQueue driver = driver(RingFormat.PACKED);
        for (int i = 0; i < SIZE; i++) {
            packed(driver, i, 64, NEXT);
        }
        assertBreaks(RingFormat.PACKED, driver);
    }
}
