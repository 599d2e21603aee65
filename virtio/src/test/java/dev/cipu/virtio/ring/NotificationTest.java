package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.NEAR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who wakes whom, with flags and with event indices. {@code [virtio-1.4 §2.7.7, §2.7.10]} */
class NotificationTest {
    private static final int SIZE = 8;

    private final RawRing ring = new RawRing(SIZE);
    private final Chain chain = new Chain();

    @BeforeEach
    void descriptors() {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR + 16L * i, 16, 0, 0);
        }
    }

    /** Uses {@code count} chains and publishes them at once; whether the device called. */
    private boolean use(SplitQueue queue, int count) {
        for (int i = 0; i < count; i++) {
            ring.offer(i);
        }
        for (int i = 0; i < count; i++) {
            assertThat(queue.pop(chain)).isTrue();
            queue.push(chain.head(), 0);
        }
        return queue.publish();
    }

    @Test
    @Conforms({"SR-008", "SR-009", "SR-010"})
    void withoutEventIndexTheFlagSuppressesCalls() {
        SplitQueue queue = ring.device();
        ring.usedEvent(500); // means nothing
        assertThat(use(queue, 1)).isTrue();
        ring.availFlags(1);
        assertThat(use(queue, 3)).isFalse();
        ring.availFlags(0);
        assertThat(use(queue, 2)).isTrue();
    }

    @Test
    @Conforms({"SR-017", "SR-018"})
    void withoutEventIndexTheFlagSuppressesKicks() {
        SplitQueue queue = ring.device();
        ring.availEvent(77);
        queue.suppressKicks();
        assertThat(ring.usedFlags()).isEqualTo(1);
        assertThat(queue.awaitKicks()).isTrue();
        assertThat(ring.usedFlags()).isZero();
        assertThat(ring.availEvent()).as("untouched").isEqualTo(77);
    }

    @Test
    @Conforms("SR-019")
    void withEventIndexUsedFlagsStayZero() {
        SplitQueue queue = ring.device(RingFeature.EVENT_IDX);
        for (int i = 0; i < 100; i++) {
            queue.suppressKicks();
            use(queue, 3);
            queue.awaitKicks();
            assertThat(ring.usedFlags()).isZero();
        }
    }

    @Test
    @Conforms("SR-011")
    void withEventIndexTheFlagMeansNothing() {
        SplitQueue queue = ring.device(RingFeature.EVENT_IDX);
        ring.availFlags(1);
        ring.usedEvent(0);
        assertThat(use(queue, 1)).isTrue();
        ring.availFlags(0);
        ring.usedEvent(100);
        assertThat(use(queue, 1)).isFalse();
    }

    /** The call comes with the publication that passes used_event, and with no other. */
    @ParameterizedTest
    @CsvSource({
        // used index before, chains in the burst, used_event, call
        "0,1,0,true",
        "0,1,1,false",
        "0,1,65535,false",
        "0,4,0,true",
        "0,4,3,true",
        "0,4,4,false",
        "10,4,9,false",
        "10,4,10,true",
        "10,4,13,true",
        "10,4,14,false",
        "65535,1,65535,true",
        "65535,1,0,false",
        "65534,4,65533,false",
        "65534,4,65534,true",
        "65534,4,65535,true",
        "65534,4,0,true",
        "65534,4,1,true",
        "65534,4,2,false",
        "32766,4,32768,true",
        "32766,4,32770,false",
    })
    @Conforms({"SR-012", "SR-013"})
    void callWhenUsedEventIsPassed(int from, int burst, int event, boolean call) {
        ring.availIndex(from);
        ring.usedIndex(from);
        SplitQueue queue = ring.builder(RingFeature.EVENT_IDX).position(from).buildSplit();
        ring.usedEvent(event);
        assertThat(use(queue, burst)).isEqualTo(call);
        assertThat(ring.usedIndex()).isEqualTo((from + burst) % 0x10000);
    }

    @Test
    void awaitKicksNamesTheNextEntry() {
        ring.availIndex(0xffff);
        SplitQueue queue = ring.builder(RingFeature.EVENT_IDX).position(0xffff).buildSplit();
        assertThat(queue.awaitKicks()).isTrue();
        assertThat(ring.availEvent()).isEqualTo(0xffff);
        ring.offer(0);
        assertThat(queue.awaitKicks()).as("a chain came meanwhile").isFalse();
        assertThat(queue.pop(chain)).isTrue();
        assertThat(queue.awaitKicks()).isTrue();
        assertThat(ring.availEvent()).isZero();
    }

    @Test
    void awaitKicksSeesAChainThatIsSeenButNotPopped() {
        for (int feature : new int[] {RingFeature.VERSION_1, RingFeature.EVENT_IDX}) {
            RawRing fresh = new RawRing(SIZE);
            SplitQueue queue = fresh.device(feature);
            fresh.descriptor(0, NEAR, 1, 0, 0);
            fresh.descriptor(1, NEAR, 1, 0, 0);
            fresh.offer(0);
            fresh.offer(1);
            assertThat(queue.pop(chain)).isTrue();
            assertThat(queue.awaitKicks()).isFalse();
            assertThat(queue.pop(chain)).isTrue();
            assertThat(queue.awaitKicks()).isTrue();
        }
    }

    /** A pair of rings whose halves both poll: over several wraps neither wants to be woken. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 64, 1024, 16384, 32768})
    @Conforms("SR-020")
    void pollingHalvesNeverNotify(int size) {
        for (int burst : new int[] {1, Math.min(size, 32), size}) {
            Pair pair = new Pair(size, RingFeature.EVENT_IDX);
            pair.queue.suppressKicks();
            pair.driver.suppressCalls();
            int kicks = 0;
            int calls = 0;
            for (int done = 0; done < 5 * 65536; done += burst) {
                kicks += pair.offer(burst) ? 1 : 0;
                pair.use(chain, burst);
                calls += pair.queue.publish() ? 1 : 0;
                pair.reclaim(burst);
            }
            assertThat(kicks).as("kicks, burst %d", burst).isZero();
            assertThat(calls).as("calls, burst %d", burst).isZero();
        }
    }

    /** The worst case of a stale event: the ring is kept full all the time. */
    @ParameterizedTest
    @ValueSource(ints = {64, 16384, 32768})
    void pollingDeviceBehindAFullRingIsNotKicked(int size) {
        Pair pair = new Pair(size, RingFeature.EVENT_IDX);
        pair.queue.suppressKicks();
        pair.driver.suppressCalls();
        int notified = pair.offer(size) ? 1 : 0;
        for (int done = 0; done < 5 * 65536; done++) {
            pair.use(chain, 1);
            notified += pair.queue.publish() ? 1 : 0;
            pair.reclaim(1);
            notified += pair.offer(1) ? 1 : 0;
        }
        assertThat(notified).isZero();
    }

    @Test
    void sleepingHalvesAreWokenOnceEach() {
        for (int feature : new int[] {RingFeature.VERSION_1, RingFeature.EVENT_IDX}) {
            Pair pair = new Pair(4, feature);
            for (int round = 0; round < 70_000; round++) {
                boolean mayBothSleep = pair.queue.awaitKicks() && pair.driver.awaitCalls();
                boolean kick = pair.offer(1 + round % 4);
                boolean missedKick = pair.queue.awaitKicks();
                pair.queue.suppressKicks();
                pair.use(chain, 1 + round % 4);
                boolean call = pair.queue.publish();
                boolean missedCall = pair.driver.awaitCalls();
                pair.driver.suppressCalls();
                if (!mayBothSleep || !kick || missedKick || !call || missedCall) {
                    throw new AssertionError("feature " + feature + ", round " + round + ": sleep " + mayBothSleep
                            + ", kick " + kick + "/" + missedKick + ", call " + call + "/" + missedCall);
                }
                pair.reclaim(1 + round % 4);
            }
        }
    }

    /** A device may look at the driver's wish some turns after it has published, when the driver has polled all of that. */
    @Test
    void aDeviceThatLooksLateDoesNotCallADriverThatPolls() {
        Pair pair = new Pair(64, RingFeature.EVENT_IDX);
        pair.driver.suppressCalls();
        for (int round = 0; round < 10_000; round++) {
            pair.offer(10);
            pair.use(chain, 10);
            pair.queue.release();
            pair.reclaim(10);
            if (round % 3 == 0) {
                pair.driver.suppressCalls();
            }
            if (round % 4 == 0) {
                assertThat(pair.queue.call()).as("round %d", round).isFalse();
            }
        }
    }

    /** Both halves on one ring. */
    private static final class Pair {
        final SplitDriver driver;
        final SplitQueue queue;
        private final long[] address = {0x100000};
        private final int[] length = {16};

        Pair(int size, int feature) {
            FeatureSet features = FeatureSet.of(feature);
            Arena arena = Arena.ofAuto();
            MemorySegment area = arena.allocate(SplitDriver.bytes(size, 0), 16);
            driver = new SplitDriver(area, 0, size, features, 0);
            queue = new VirtqueueBuilder()
                    .size(size)
                    .features(features)
                    .memory(GuestMemory.of(List.of(new GuestMemory.Region(0x100000, 0, arena.allocate(16)))))
                    .rings(
                            area.asSlice(driver.descriptorAddress()),
                            area.asSlice(driver.driverAreaAddress()),
                            area.asSlice(driver.deviceAreaAddress()))
                    .buildSplit();
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

        /** Not an assertion object for each of millions of steps. */
        private static void require(boolean holds, String what) {
            if (!holds) {
                throw new AssertionError("expected " + what);
            }
        }
    }
}
