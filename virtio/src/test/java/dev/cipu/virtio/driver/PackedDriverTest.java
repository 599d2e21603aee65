package dev.cipu.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver's half of a packed ring, with a device that writes its used elements by hand. */
class PackedDriverTest {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SIZE = 5;
    private static final long AREA = 0x10000;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final int AVAIL = 1 << 7;
    private static final int USED = 1 << 15;

    private MemorySegment area = MemorySegment.NULL;

    private PackedDriver driver(int size, int indirectEntries, int... features) {
        area = Arena.ofAuto().allocate(PackedDriver.bytes(size, indirectEntries), 16);
        FeatureSet set = FeatureSet.of(features).with(RingFeature.RING_PACKED);
        return new PackedDriver(area, AREA, size, set, indirectEntries);
    }

    private int flags(int at) {
        return Short.toUnsignedInt(area.get(U16, 16L * at + 14));
    }

    private int id(int at) {
        return Short.toUnsignedInt(area.get(U16, 16L * at + 12));
    }

    private void use(int at, int id, int length, int flags) {
        area.set(U32, 16L * at + 8, length);
        area.set(U16, 16L * at + 12, (short) id);
        area.set(U16, 16L * at + 14, (short) flags);
    }

    private static int add(PackedDriver driver, int parts, int readable) {
        long[] addresses = new long[parts];
        int[] lengths = new int[parts];
        for (int i = 0; i < parts; i++) {
            addresses[i] = 0x1000L * (i + 1);
            lengths[i] = 10 + i;
        }
        return driver.add(addresses, lengths, readable, parts);
    }

    @Test
    void theFirstDescriptorIsMadeAvailableLast() {
        PackedDriver driver = driver(SIZE, 0);
        int id = add(driver, 3, 1);
        assertThat(flags(0)).as("held back").isZero();
        assertThat(flags(1)).isEqualTo(AVAIL | NEXT | WRITE);
        assertThat(flags(2)).isEqualTo(AVAIL | WRITE);
        int second = add(driver, 1, 1);
        assertThat(flags(3)).as("not before the first one").isEqualTo(AVAIL);
        assertThat(flags(0)).isZero();
        assertThat(driver.publish()).isTrue();
        assertThat(flags(0)).isEqualTo(AVAIL | NEXT);
        for (int i = 0; i < 3; i++) {
            assertThat(id(i)).isEqualTo(id);
            assertThat(area.get(U64, 16L * i)).isEqualTo(0x1000L * (i + 1));
            assertThat(area.get(U32, 16L * i + 8)).isEqualTo(10 + i);
        }
        assertThat(id(3)).isEqualTo(second).isNotEqualTo(id);
        assertThat(driver.free()).isEqualTo(1);
        assertThat(add(driver, 2, 0)).as("no room").isEqualTo(-1);
        assertThat(driver.publish()).as("nothing new").isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000, 32768})
    void wrapsAtAnySize(int size) {
        PackedDriver driver = driver(size, 0);
        boolean lap = true;
        int at = 0;
        for (int i = 0; i < 2 * size + size / 2 + 1; i++) {
            int id = add(driver, 1, 0);
            driver.publish();
            if (flags(at) != ((lap ? AVAIL : USED) | WRITE) || driver.poll() >= 0) {
                throw new AssertionError("descriptor " + at + " has flags " + flags(at));
            }
            use(at, id, 7, (lap ? AVAIL | USED : 0) | WRITE);
            if (driver.poll() != id || driver.usedLength() != 7) {
                throw new AssertionError("buffer " + id);
            }
            at = (at + 1) % size;
            lap ^= at == 0;
            if (driver.notificationData() != (at | (lap ? 0x8000 : 0))
                    || driver.position() != driver.notificationData() * 0x10001) {
                throw new AssertionError("position after " + i);
            }
        }
    }

    @Test
    void indirectTablesHaveOnlyTheWriteFlag() {
        PackedDriver driver = driver(SIZE, 4, RingFeature.INDIRECT_DESC);
        int id = add(driver, 3, 2);
        driver.publish();
        assertThat(flags(0)).isEqualTo(AVAIL | INDIRECT);
        assertThat(id(0)).isEqualTo(id);
        assertThat(area.get(U32, 8)).isEqualTo(3 * 16);
        long table = area.get(U64, 0) - AREA;
        for (int i = 0; i < 3; i++) {
            assertThat(area.get(U64, table + 16L * i)).isEqualTo(0x1000L * (i + 1));
            assertThat(area.get(U16, table + 16L * i + 12)).isZero();
            assertThat(area.get(U16, table + 16L * i + 14)).isEqualTo((short) (i < 2 ? 0 : WRITE));
        }
        assertThat(driver.free()).isEqualTo(SIZE - 1);
        assertThat(add(driver, 5, 0))
                .as("too long for a table, and for the ring")
                .isEqualTo(-1);
    }

    @Test
    void usedChainsGiveAllTheirDescriptorsBack() {
        PackedDriver driver = driver(SIZE, 0);
        int chain = add(driver, 3, 3);
        int one = add(driver, 1, 0);
        driver.publish();
        // out of order: the element of the one lies where the chain began
        use(0, one, 9, AVAIL | USED | WRITE);
        assertThat(driver.poll()).isEqualTo(one);
        assertThat(driver.usedLength()).isEqualTo(9);
        assertThat(driver.free()).isEqualTo(2);
        assertThat(driver.poll()).isEqualTo(-1);
        use(1, chain, 1234, AVAIL | USED);
        assertThat(driver.poll()).isEqualTo(chain);
        assertThat(driver.usedLength())
                .as("the length means nothing without the flag")
                .isZero();
        assertThat(driver.free()).isEqualTo(SIZE);
    }

    @Test
    void inOrderOneElementStandsForABatch() {
        PackedDriver driver = driver(SIZE, 0, RingFeature.IN_ORDER);
        int first = add(driver, 1, 0);
        int second = add(driver, 2, 1);
        int third = add(driver, 1, 0);
        driver.publish();
        use(0, third, 4, AVAIL | USED | WRITE);
        assertThat(driver.poll()).isEqualTo(first);
        assertThat(driver.usedLength()).as("written completely").isEqualTo(10);
        assertThat(driver.awaitCalls()).isFalse();
        assertThat(driver.poll()).isEqualTo(second);
        assertThat(driver.usedLength()).isEqualTo(11);
        assertThat(driver.poll()).isEqualTo(third);
        assertThat(driver.usedLength()).isEqualTo(4);
        assertThat(driver.poll()).isEqualTo(-1);
        assertThat(driver.awaitCalls()).isTrue();
    }

    @Test
    void wishesAndTheDevicesWishes() {
        for (int feature : new int[] {RingFeature.VERSION_1, RingFeature.EVENT_IDX}) {
            boolean index = feature == RingFeature.EVENT_IDX;
            PackedDriver driver = driver(SIZE, 0, feature);
            long mine = driver.driverAreaAddress() - AREA;
            long theirs = driver.deviceAreaAddress() - AREA;
            driver.suppressCalls();
            assertThat(area.get(U16, mine + 2)).isEqualTo((short) 1);
            assertThat(driver.awaitCalls()).isTrue();
            assertThat(area.get(U16, mine + 2)).isEqualTo((short) (index ? 2 : 0));
            assertThat(area.get(U16, mine)).isEqualTo((short) (index ? 0x8000 : 0));
            int[][] wishes = {{0, 0, 1}, {1, 0, 0}, {2, 0x8002, 1}, {2, 0x8002, index ? 0 : 1}, {3, 0, 1}};
            for (int[] wish : wishes) {
                area.set(U16, theirs, (short) wish[1]);
                area.set(U16, theirs + 2, (short) wish[0]);
                int id = add(driver, 1, 1);
                if (id >= 0) {
                    assertThat(driver.publish()).isEqualTo(wish[2] == 1);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, SIZE, 0x7fff, 0xffff})
    void line17_aBufferThatTheDeviceDoesNotHoldIsRefused(int id) {
        for (int feature : new int[] {RingFeature.VERSION_1, RingFeature.IN_ORDER}) {
            PackedDriver driver = driver(SIZE, 0, feature);
            assertThat(add(driver, 1, 1)).isZero();
            driver.publish();
            use(0, id, 0, AVAIL | USED);
            assertThatThrownBy(driver::poll).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aBufferUsedTwiceIsRefused() {
        PackedDriver driver = driver(SIZE, 0);
        int id = add(driver, 1, 1);
        add(driver, 1, 1);
        driver.publish();
        use(0, id, 0, AVAIL | USED);
        use(1, id, 0, AVAIL | USED);
        assertThat(driver.poll()).isEqualTo(id);
        assertThatThrownBy(driver::poll).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anEmptyRingHasNothingUsedWhateverItsFlags() {
        PackedDriver driver = driver(SIZE, 0);
        for (int flags : new int[] {0, AVAIL, USED, AVAIL | USED}) {
            use(0, 0, 0, flags);
            assertThat(driver.poll()).isEqualTo(-1);
            assertThat(driver.awaitCalls()).isTrue();
        }
    }

    @Test
    void startingOverForgetsEverything() {
        PackedDriver driver = driver(SIZE, 0);
        driver.suppressCalls();
        add(driver, 3, 1);
        driver.publish();
        add(driver, 1, 1);
        driver.restart();
        assertThat(driver.free()).isEqualTo(SIZE);
        assertThat(driver.position()).isEqualTo(0x8000_8000);
        assertThat(flags(0) | flags(1) | flags(2)).isZero();
        assertThat(area.get(U16, driver.driverAreaAddress() - AREA + 2)).isEqualTo((short) 1);
        assertThat(driver.publish()).isFalse();
        add(driver, 1, 1);
        driver.publish();
        assertThat(flags(0)).isEqualTo(AVAIL);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 32769})
    void impossibleSizesAreRefused(int size) {
        assertThatThrownBy(() -> new PackedDriver(Arena.ofAuto().allocate(64, 16), AREA, size, FeatureSet.NONE, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
