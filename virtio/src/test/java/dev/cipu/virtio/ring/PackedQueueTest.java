package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.PackedRawRing.AVAIL;
import static dev.cipu.virtio.ring.PackedRawRing.INDIRECT;
import static dev.cipu.virtio.ring.PackedRawRing.NEXT;
import static dev.cipu.virtio.ring.PackedRawRing.USED;
import static dev.cipu.virtio.ring.PackedRawRing.WRITE;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The device's half of a packed ring, step by step, against descriptors written and read by hand. */
class PackedQueueTest {
    private static final int SIZE = 8;

    private final PackedRawRing ring = new PackedRawRing(SIZE);
    private final Chain chain = new Chain();
    private final SingleChains burst = new SingleChains(SIZE);

    private int popId(PackedQueue queue) {
        assertThat(queue.pop(chain)).isTrue();
        return chain.head();
    }

    private static void assertUsed(PackedRawRing ring, int at, boolean lap, int id) {
        assertThat(ring.isUsed(at, lap)).as("descriptor %d", at).isTrue();
        assertThat(ring.idOf(at)).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000, 32768})
    @Conforms({"PR-010", "PR-012", "PR-016"})
    void positionsWrapAtAnySize(int size) {
        PackedRawRing ring = new PackedRawRing(size);
        PackedQueue queue = ring.device();
        assertThat(queue.position()).isEqualTo(0x8000_8000);
        boolean lap = true;
        for (int i = 0; i < 2 * size + size / 2; i++) {
            int at = ring.offer(NEAR, 16, i, 0);
            assertThat(queue.pop(chain)).isTrue();
            if (chain.head() != (i & 0xffff)) {
                throw new AssertionError("buffer " + chain.head() + " for " + i);
            }
            queue.push(chain.head(), 0);
            queue.publish();
            if (ring.flagsOf(at) != (lap ? AVAIL | USED : 0) || ring.idOf(at) != (i & 0xffff)) {
                throw new AssertionError("used descriptor " + at + " has flags " + ring.flagsOf(at));
            }
            if (queue.position() != (ring.position() << 16 | ring.position())) {
                throw new AssertionError("position " + Integer.toHexString(queue.position()));
            }
            lap ^= at == size - 1;
        }
    }

    @Test
    @Conforms({"PR-001", "PR-008", "PR-011"})
    void aChainHasOneUsedElementAndItsLastDescriptorsId() {
        PackedQueue queue = ring.device();
        ring.offer(NEAR, 1, 100, NEXT);
        ring.offer(NEAR + 64, 2, 101, NEXT);
        ring.offer(NEAR + 32, 3, 4, WRITE);
        ring.offer(NEAR, 7, 5, 0);
        assertThat(popId(queue)).isEqualTo(4);
        assertThat(chain.parts()).isEqualTo(3);
        assertThat(chain.address(0)).isEqualTo(ring.guest().host(NEAR));
        assertThat(chain.address(1)).isEqualTo(ring.guest().host(NEAR + 64));
        assertThat(chain.address(2)).isEqualTo(ring.guest().host(NEAR + 32));
        assertThat(popId(queue)).isEqualTo(5);
        queue.push(4, 3);
        queue.push(5, 0);
        queue.publish();
        assertUsed(ring, 0, true, 4);
        assertThat(ring.lengthOf(0)).isEqualTo(3);
        assertUsed(ring, 3, true, 5);
        assertThat(ring.flagsOf(1)).as("skipped").isEqualTo(AVAIL | NEXT);
        assertThat(ring.flagsOf(2)).as("skipped").isEqualTo(AVAIL | WRITE);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5, 1000})
    @Conforms({"PR-008", "PR-010", "PR-016"})
    void aChainGoesOnBehindTheRingsEnd(int size) {
        PackedRawRing ring = new PackedRawRing(size);
        int start = size - 1 | 0x8000;
        ring.skip(size - 1);
        PackedQueue queue = ring.builder().position(start << 16 | start).buildPacked();
        ring.offer(NEAR, 1, 0, NEXT);
        ring.offer(NEAR + 1, 1, 0, NEXT);
        ring.offer(NEAR + 2, 1, 9, 0);
        assertThat(popId(queue)).isEqualTo(9);
        assertThat(chain.parts()).isEqualTo(3);
        queue.push(9, 0);
        queue.publish();
        assertUsed(ring, size - 1, true, 9);
        assertThat(queue.position()).isEqualTo((2 % size) << 16 | 2 % size);
    }

    @Test
    @Conforms("PR-002")
    void usedElementsComeInTheOrderOfCompletionAndSkipWholeChains() {
        PackedQueue queue = ring.device();
        ring.offer(NEAR, 1, 0, 0);
        ring.offer(NEAR, 1, 0, NEXT);
        ring.offer(NEAR, 1, 1, 0);
        ring.offer(NEAR, 1, 2, 0);
        for (int id = 0; id < 3; id++) {
            assertThat(popId(queue)).isEqualTo(id);
        }
        queue.push(1, 0);
        queue.push(2, 0);
        queue.push(0, 0);
        queue.publish();
        assertUsed(ring, 0, true, 1);
        assertUsed(ring, 2, true, 2);
        assertUsed(ring, 3, true, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, 300, 0x7fff, 0x8000, 0xffff})
    void idsNeedNotBePositionsOrBelowTheSize(int id) {
        PackedQueue queue = ring.device();
        for (int round = 0; round < 3; round++) {
            int at = ring.offer(NEAR, 16, id, WRITE);
            assertThat(popId(queue)).isEqualTo(id);
            queue.push(id, 5);
            queue.publish();
            assertUsed(ring, at, true, id);
            at = ring.offer(NEAR, 16, id, WRITE);
            // a burst takes such ids once there is room for them
            assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(1);
            burst.written(0, 6);
            queue.pushSingles(burst, 1);
            queue.publish();
            assertUsed(ring, at, true, id);
            assertThat(ring.lengthOf(at)).isEqualTo(6);
        }
    }

    @Test
    void aBurstLeavesAnIdBeyondTheSizeToPop() {
        PackedQueue queue = ring.device();
        ring.offer(NEAR, 16, SIZE - 1, 0);
        ring.offer(NEAR, 16, SIZE, 0);
        assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(1);
        assertThat(queue.hasSeen()).isTrue();
        assertThat(popId(queue)).isEqualTo(SIZE);
    }

    @Test
    @Conforms("PR-012")
    void theWriteFlagComesWithALengthOnly() {
        PackedQueue queue = ring.device();
        for (int written : new int[] {0, 1, 16}) {
            int at = ring.offer(NEAR, 16, 1, WRITE);
            popId(queue);
            queue.push(1, written);
            queue.publish();
            assertThat(ring.flagsOf(at)).isEqualTo(AVAIL | USED | (written == 0 ? 0 : WRITE));
            assertThat(ring.lengthOf(at)).isEqualTo(written);
        }
    }

    @Test
    @Conforms("PR-006")
    void nothingIsUsedBeforeItsAvailBitChanges() {
        PackedRawRing ring = new PackedRawRing(3);
        PackedQueue first = ring.device();
        PackedQueue second = ring.builder().position(0).buildPacked();
        for (int flags = 0; flags < 0x10000; flags++) {
            boolean avail = (flags & AVAIL) != 0;
            boolean used = (flags & USED) != 0;
            ring.descriptor(0, NEAR, 16, 0, flags);
            boolean firstLap = avail && !used;
            boolean secondLap = !avail && used;
            if (!firstLap && (first.pop(chain) || first.popSingles(burst, SIZE, false) > 0 || first.hasSeen())) {
                throw new AssertionError("first lap, flags " + Integer.toHexString(flags));
            }
            if (!secondLap && (second.pop(chain) || second.popSingles(burst, SIZE, true) > 0 || second.hasSeen())) {
                throw new AssertionError("second lap, flags " + Integer.toHexString(flags));
            }
        }
        assertThat(first.isBroken() || second.isBroken()).isFalse();
    }

    @Test
    @Conforms("PR-007")
    void nothingOfAUsedDescriptorChangesAfterwards() {
        PackedQueue queue = ring.device();
        for (int i = 0; i < SIZE; i++) {
            ring.offer(NEAR, 16, i, i == 2 ? NEXT : WRITE * (i & 1));
        }
        List<Integer> ids = new ArrayList<>();
        while (queue.pop(chain)) {
            ids.add(chain.head());
        }
        assertThat(ids).containsExactly(0, 1, 3, 4, 5, 6, 7);
        queue.push(1, 3);
        queue.push(3, 4);
        queue.release();
        byte[] before = ring.descriptors().asSlice(0, 3 * 16).toArray(ValueLayout.JAVA_BYTE);
        queue.push(0, 0);
        queue.push(7, 8);
        queue.releaseAllBut(1);
        queue.call();
        queue.suppressKicks();
        queue.awaitKicks();
        queue.giveBack();
        assertThat(ring.descriptors().asSlice(0, 3 * 16).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(before);
    }

    @Test
    @Conforms({"PR-004", "PR-005"})
    void readableBuffersAreNotWrittenAndWritableOnesNotRead() {
        PackedQueue queue = ring.device(RingFeature.INDIRECT_DESC);
        ring.guest().poke(NEAR, (byte) 1, (byte) 2);
        ring.guest().poke(NEAR + 64, (byte) 3, (byte) 4);
        ring.entry(FAR, 0, NEAR, 2, 0, 0);
        ring.entry(FAR, 1, NEAR + 64, 2, 0, WRITE);
        ring.offer(FAR, 32, 0, INDIRECT);
        popId(queue);
        MemorySegment copy = MemorySegment.ofArray(new byte[] {9, 9, 9, 9});
        assertThat(chain.read(0, copy, 0, 4)).isEqualTo(2);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 9, 9);
        assertThat(chain.write(0, MemorySegment.ofArray(new byte[] {7, 8, 9, 9}), 0, 4))
                .isEqualTo(2);
        assertThat(ring.guest().peek(NEAR, 2)).containsExactly(1, 2);
        assertThat(ring.guest().peek(NEAR + 64, 2)).containsExactly(7, 8);
    }

    @Test
    @Conforms("PR-014")
    void inOrderOneElementStandsForARunThatWasRead() {
        PackedQueue queue = ring.device(RingFeature.IN_ORDER);
        for (int i = 0; i < 3; i++) {
            ring.offer(NEAR, 16, 10 + i, 0);
        }
        ring.offer(NEAR, 16, 0, NEXT);
        ring.offer(NEAR, 16, 13, 0);
        ring.offer(NEAR, 16, 14, WRITE);
        ring.offer(NEAR, 16, 15, 0);
        for (int id = 10; id <= 15; id++) {
            assertThat(popId(queue)).isEqualTo(id);
        }
        for (int id = 10; id <= 15; id++) {
            queue.push(id, id == 14 ? 2 : 0);
        }
        queue.publish();
        assertUsed(ring, 0, true, 13);
        assertThat(ring.flagsOf(0) & WRITE).isZero();
        for (int skipped = 1; skipped < 5; skipped++) {
            assertThat(ring.isUsed(skipped, true)).as("descriptor %d", skipped).isFalse();
        }
        // what was written into is told by itself: a skipped buffer would count as written completely
        assertUsed(ring, 5, true, 14);
        assertThat(ring.lengthOf(5)).isEqualTo(2);
        assertUsed(ring, 6, true, 15);
        assertThat(queue.position() >>> 16).isEqualTo(ring.position());
    }

    @Test
    @Conforms("PR-014")
    void inOrderABurstOfReadsIsOneElement() {
        PackedQueue queue = ring.device(RingFeature.IN_ORDER);
        for (int lap = 0; lap < 3; lap++) {
            int at = ring.position() & 0x7fff;
            for (int i = 0; i < 5; i++) {
                ring.offer(NEAR, 16, i, 0);
            }
            boolean counter = (queue.position() & 0x8000_0000) != 0;
            assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(5);
            queue.pushSingles(burst, 5);
            queue.publish();
            assertUsed(ring, at, counter, 4);
            assertThat(queue.position() >>> 16).isEqualTo(ring.position());
        }
    }

    @Test
    void whatIsKeptBackBecomesVisibleLater() {
        PackedQueue queue = ring.device();
        for (int i = 0; i < 5; i++) {
            ring.offer(NEAR, 16, i, 0);
            popId(queue);
            queue.push(i, 0);
        }
        queue.releaseAllBut(2);
        assertUsed(ring, 2, true, 2);
        assertThat(ring.isUsed(3, true)).isFalse();
        queue.releaseAllBut(2);
        queue.releaseAllBut(7);
        assertThat(ring.isUsed(3, true)).isFalse();
        queue.release();
        assertUsed(ring, 3, true, 3);
        assertUsed(ring, 4, true, 4);
    }

    @Test
    void whatIsPutBackComesAgain() {
        PackedQueue queue = ring.device();
        ring.offer(NEAR, 16, 3, NEXT);
        ring.offer(NEAR, 16, 2, 0);
        ring.offer(NEAR, 16, 5, 0);
        int start = queue.position();
        Chain other = new Chain();
        assertThat(queue.pop(chain) && queue.pop(other)).isTrue();
        queue.unpop(other);
        queue.unpop(chain);
        assertThat(queue.position()).isEqualTo(start);
        assertThat(queue.hasSeen()).isTrue();
        assertThatThrownBy(() -> queue.unpop(chain)).isInstanceOf(IllegalStateException.class);
        assertThat(popId(queue)).isEqualTo(2);
        assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(1);
        queue.unpopSingles(burst, 0, 1);
        assertThat(popId(queue)).isEqualTo(5);
        assertThat(queue.pop(chain)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8})
    void burstsWrapAndEndWithTheRing(int size) {
        PackedRawRing ring = new PackedRawRing(size);
        PackedQueue queue = ring.device();
        for (int round = 0; round < 20; round++) {
            int count = 1 + round % size;
            int from = ring.position();
            for (int i = 0; i < count; i++) {
                ring.offer(NEAR + 16L * i, 16, i, WRITE);
            }
            assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(count);
            assertThat(queue.popSingles(new SingleChains(SIZE), SIZE, true)).isZero();
            for (int i = 0; i < count; i++) {
                assertThat(burst.address(i)).isEqualTo(ring.guest().host(NEAR + 16L * i));
                burst.written(i, i + 1);
            }
            queue.pushSingles(burst, count);
            queue.publish();
            for (int i = 0; i < count; i++) {
                int at = PackedLayout.advance(from, i, size);
                assertUsed(ring, at & 0x7fff, (at & 0x8000) != 0, i);
                assertThat(ring.lengthOf(at & 0x7fff)).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void aFullyHeldRingShowsNothingMore() {
        PackedQueue queue = ring.device();
        for (int i = 0; i < SIZE; i++) {
            ring.offer(NEAR, 16, i, 0);
        }
        assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(SIZE);
        assertThat(queue.popSingles(burst, SIZE, false)).isZero();
        assertThat(queue.hasSeen()).as("nothing can be there while all is held").isFalse();
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.awaitKicks()).isTrue();
    }

    @Test
    void aBurstMayComeBackOneByOneAndNotTwice() {
        PackedQueue queue = ring.device();
        for (int i = 0; i < 4; i++) {
            ring.offer(NEAR, 16, i, WRITE);
        }
        assertThat(queue.popSingles(burst, 4, true)).isEqualTo(4);
        queue.unpopSingles(burst, 3, 4);
        queue.push(1, 7);
        queue.pushSingles(burst, 1);
        assertThatThrownBy(() -> queue.pushSingles(burst, 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> queue.push(3, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(popId(queue)).isEqualTo(3);
        queue.push(2, 0);
        queue.publish();
        assertUsed(ring, 0, true, 1);
        assertUsed(ring, 1, true, 0);
        assertUsed(ring, 2, true, 2);
        assertThat(ring.isUsed(3, true)).isFalse();
    }

    /** Ids that follow each other, and others. */
    @ParameterizedTest
    @ValueSource(ints = {1, -1})
    void aFaultGivesBackWhatWasTaken(int step) {
        PackedQueue queue = ring.device();
        int ids = step > 0 ? 2 : 7;
        for (int i = 0; i < 6; i++) {
            ring.offer(NEAR, 16, ids + step * i, WRITE);
        }
        assertThat(queue.popSingles(burst, 4, true)).isEqualTo(4);
        burst.written(0, 9);
        queue.pushSingles(burst, 1);
        assertThat(queue.giveBack()).isEqualTo(3);
        assertUsed(ring, 0, true, ids);
        assertThat(ring.lengthOf(0)).isEqualTo(9);
        for (int i = 1; i < 4; i++) {
            assertUsed(ring, i, true, ids + step * i);
            assertThat(ring.lengthOf(i)).isZero();
            assertThat(ring.flagsOf(i) & WRITE).isZero();
        }
        assertThat(ring.isUsed(4, true)).isFalse();
        assertThat(queue.giveBack()).isZero();
        // whoever goes on finds the rest
        PackedQueue next = ring.builder().position(queue.position()).buildPacked();
        assertThat(popId(next)).isEqualTo(ids + step * 4);
        assertThat(popId(next)).isEqualTo(ids + step * 5);
        assertThat(next.pop(chain)).isFalse();
    }

    @Test
    void aRecordIsTakenAgainBeforeTheRing() {
        PackedRawRing ring = new PackedRawRing(4);
        ring.skip(3);
        ring.offer(NEAR, 16, 5, 0);
        MemorySegment pair = Arena.ofAuto().allocate(32, 16);
        pair.set(Le.LONG, 0, NEAR);
        pair.set(Le.LONG, 8, PackedLayout.rest(10, 77, NEXT));
        pair.set(Le.LONG, 16, NEAR + 64);
        pair.set(Le.LONG, 24, PackedLayout.rest(20, 2, WRITE));
        MemorySegment one = Arena.ofAuto().allocate(16, 16);
        one.set(Le.LONG, 0, NEAR);
        one.set(Le.LONG, 8, PackedLayout.rest(10, 1, 0));
        PackedQueue queue = ring.builder()
                .position(0x8000 << 16 | 0x8003)
                .resubmit(List.of(new ChainRecord(2, pair), new ChainRecord(1, one)))
                .buildPacked();
        assertThat(queue.hasSeen()).isTrue();
        assertThat(queue.awaitKicks()).isFalse();
        assertThat(queue.popSingles(burst, SIZE, false)).isZero();
        assertThat(popId(queue)).isEqualTo(2);
        assertThat(chain.readableBytes()).isEqualTo(10);
        assertThat(chain.writableBytes()).isEqualTo(20);
        assertThat(popId(queue)).isEqualTo(1);
        assertThat(popId(queue)).isEqualTo(5);
        queue.push(1, 0);
        queue.push(2, 20);
        queue.push(5, 0);
        queue.publish();
        assertUsed(ring, 0, true, 1);
        assertUsed(ring, 1, true, 2);
        assertUsed(ring, 3, true, 5);
        assertThat(queue.position()).isEqualTo(0);
    }

    @Test
    void whatIsNotInFlightCannotBeReturned() {
        PackedQueue queue = ring.device();
        ring.offer(NEAR, 16, 3, 0);
        popId(queue);
        queue.push(3, 0);
        assertThatThrownBy(() -> queue.push(3, 0)).isInstanceOf(IllegalStateException.class);
        ring.offer(NEAR, 16, 4, 0);
        assertThat(queue.popSingles(burst, 1, false)).isEqualTo(1);
        queue.pushSingles(burst, 1);
        assertThatThrownBy(() -> queue.pushSingles(burst, 1)).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0008_8000, 0x8000_0008, 0x8000_8008, 0xffff_ffff})
    void positionsOutsideTheRingAreRefused(int position) {
        VirtqueueBuilder builder = ring.builder().position(position);
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
    }
}
