package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.NEAR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.PackedDriver;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who wakes whom over a packed ring. {@code [virtio-1.4 §2.8.10]} */
class PackedNotificationTest {
    private static final int SIZE = 8;
    private static final int ENABLE = 0;
    private static final int DISABLE = 1;
    private static final int DESCRIPTOR = 2;
    private static final int RESERVED = 3;

    private final PackedRawRing ring = new PackedRawRing(SIZE);
    private final Chain chain = new Chain();
    private int raised;

    private PackedQueue device(int... features) {
        return ring.builder(features).interrupt(() -> raised++).buildPacked();
    }

    /** Uses {@code count} chains and publishes them at once; whether the device called. */
    private boolean use(PackedQueue queue, int count) {
        for (int i = 0; i < count; i++) {
            ring.offer(NEAR, 16, i, 0);
        }
        for (int i = 0; i < count; i++) {
            assertThat(queue.pop(chain)).isTrue();
            queue.push(chain.head(), 0);
        }
        int before = raised;
        boolean called = queue.publish();
        assertThat(raised - before).isEqualTo(called ? 1 : 0);
        return called;
    }

    @Test
    @Conforms("PR-015")
    void enableAndDisable() {
        for (int feature : new int[] {RingFeature.VERSION_1, RingFeature.EVENT_IDX}) {
            PackedQueue queue = device(feature);
            ring.driverEvent(0x7123, ENABLE);
            assertThat(use(queue, 1)).isTrue();
            ring.driverEvent(queue.position() >>> 16, DISABLE);
            assertThat(use(queue, 3)).isFalse();
            ring.driverEvent(0x8000, ENABLE);
            assertThat(use(queue, 4)).isTrue();
            assertThat(queue.publish()).as("nothing new").isFalse();
            ring.skip(SIZE);
            ring.descriptors().fill((byte) 0);
        }
    }

    /** The call comes with the publication that passes the descriptor, and with no other. */
    @ParameterizedTest
    @CsvSource({
        // descriptors used before, in the burst, event's offset, its wrap counter, call
        "0,1,0,1,true",
        "0,1,1,1,false",
        "0,1,7,0,false",
        "0,1,0,0,false",
        "0,4,3,1,true",
        "0,4,4,1,false",
        "6,4,5,1,false",
        "6,4,6,1,true",
        "6,4,7,1,true",
        "6,4,0,0,true",
        "6,4,1,0,true",
        "6,4,2,0,false",
        "6,4,0,1,false",
        "8,8,0,0,true",
        "8,8,7,0,true",
        "8,8,0,1,false",
        "14,3,7,0,true",
        "14,3,0,1,true",
        "14,3,1,1,false",
    })
    @Conforms("PR-015")
    void callWhenTheDescriptorIsPassed(int before, int count, int offset, int wrap, boolean call) {
        PackedQueue queue = device(RingFeature.EVENT_IDX);
        ring.driverEvent(0, DISABLE);
        for (int i = 0; i < before; i++) {
            use(queue, 1);
        }
        ring.driverEvent(offset | wrap << 15, DESCRIPTOR);
        assertThat(use(queue, count)).isEqualTo(call);
    }

    @Test
    @Conforms("PR-015")
    void line21_descriptorEventWithoutTheFeatureIsEveryEvent() {
        PackedQueue queue = device();
        ring.driverEvent(5, DESCRIPTOR);
        assertThat(use(queue, 1)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 9, 0x7fff, 0x8000, 0x8008, 0xffff})
    @Conforms("PR-015")
    void line21_reservedValueAndImpossibleOffsetsGetACall(int position) {
        PackedQueue queue = device(RingFeature.EVENT_IDX);
        ring.driverEvent(position, RESERVED);
        assertThat(use(queue, 1)).isTrue();
        if ((position & 0x7fff) >= SIZE) {
            ring.driverEvent(position, DESCRIPTOR);
            assertThat(use(queue, 1)).isTrue();
        }
        assertThat(queue.isBroken()).isFalse();
    }

    @Test
    void theCallCoversAllReleasesSinceTheLastOne() {
        PackedQueue queue = device(RingFeature.EVENT_IDX);
        ring.driverEvent(0x8000, DESCRIPTOR);
        for (int i = 0; i < 3; i++) {
            ring.offer(NEAR, 16, i, 0);
            assertThat(queue.pop(chain)).isTrue();
            queue.push(i, 0);
            queue.release();
        }
        assertThat(queue.call()).isTrue();
        assertThat(queue.call()).isFalse();
        assertThat(raised).isEqualTo(1);
    }

    @Test
    @Conforms("PR-015")
    void theDevicesWishNamesItsNextDescriptor() {
        PackedQueue queue = device(RingFeature.EVENT_IDX);
        queue.suppressKicks();
        assertThat(ring.deviceEventFlags()).isEqualTo(DISABLE);
        for (int i = 0; i < 3 * SIZE; i++) {
            assertThat(queue.awaitKicks()).isTrue();
            assertThat(ring.deviceEventFlags()).isEqualTo(DESCRIPTOR);
            assertThat(ring.deviceEventPosition()).isEqualTo(ring.position());
            ring.offer(NEAR, 16, 0, 0);
            assertThat(queue.awaitKicks()).as("a chain came meanwhile").isFalse();
            assertThat(queue.pop(chain)).isTrue();
            queue.push(0, 0);
            queue.publish();
        }
    }

    @Test
    @Conforms("PR-015")
    void withoutEventIndexTheDeviceAsksForAllOrNothing() {
        PackedQueue queue = device();
        queue.suppressKicks();
        assertThat(ring.deviceEventFlags()).isEqualTo(DISABLE);
        ring.offer(NEAR, 16, 0, 0);
        assertThat(queue.awaitKicks()).isFalse();
        assertThat(ring.deviceEventFlags()).isEqualTo(ENABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 1000, 32768})
    void pollingHalvesNeverNotifyAndSleepingOnesAlwaysAreWoken(int size) {
        for (int feature : new int[] {RingFeature.VERSION_1, RingFeature.EVENT_IDX}) {
            Pair pair = new Pair(size, feature);
            pair.queue.suppressKicks();
            pair.driver.suppressCalls();
            int burst = Math.min(size, 32);
            for (int done = 0; done < 5 * size; done += burst) {
                require(!pair.offer(burst), "no kick");
                pair.use(chain, burst);
                require(!pair.queue.publish(), "no call");
                pair.reclaim(burst);
            }
            for (int round = 0; round < 5 * size; round++) {
                int count = 1 + round % Math.min(size, 5);
                require(pair.queue.awaitKicks() && pair.driver.awaitCalls(), "both may sleep");
                require(pair.offer(count), "a kick");
                require(!pair.queue.awaitKicks(), "a chain");
                pair.queue.suppressKicks();
                pair.use(chain, count);
                require(pair.queue.publish(), "a call");
                require(!pair.driver.awaitCalls(), "a used chain");
                pair.driver.suppressCalls();
                pair.reclaim(count);
            }
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected " + what);
        }
    }

    /** Both halves on one ring. */
    private static final class Pair {
        final PackedDriver driver;
        final PackedQueue queue;
        private final long[] address = {0x100000};
        private final int[] length = {16};

        Pair(int size, int feature) {
            FeatureSet features = FeatureSet.of(feature, RingFeature.RING_PACKED);
            Arena arena = Arena.ofAuto();
            MemorySegment area = arena.allocate(PackedDriver.bytes(size, 0), 16);
            driver = new PackedDriver(area, 0, size, features, 0);
            queue = new VirtqueueBuilder()
                    .size(size)
                    .features(features)
                    .memory(GuestMemory.of(List.of(new GuestMemory.Region(0x100000, 0, arena.allocate(16)))))
                    .rings(
                            area.asSlice(driver.descriptorAddress()),
                            area.asSlice(driver.driverAreaAddress()),
                            area.asSlice(driver.deviceAreaAddress()))
                    .buildPacked();
        }

        boolean offer(int count) {
            for (int i = 0; i < count; i++) {
                require(driver.add(address, length, 1, 1) >= 0, "room");
            }
            return driver.publish();
        }

        void use(Chain chain, int count) {
            for (int i = 0; i < count; i++) {
                require(queue.pop(chain), "a chain");
                queue.push(chain.head(), 0);
            }
        }

        void reclaim(int count) {
            for (int i = 0; i < count; i++) {
                require(driver.poll() >= 0, "a used chain");
            }
        }
    }
}
