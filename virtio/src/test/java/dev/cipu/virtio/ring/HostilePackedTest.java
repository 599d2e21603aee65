package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.PackedRawRing.AVAIL;
import static dev.cipu.virtio.ring.PackedRawRing.NEXT;
import static dev.cipu.virtio.ring.PackedRawRing.USED;
import static dev.cipu.virtio.ring.PackedRawRing.WRITE;
import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.BIG;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.SMALL;
import static dev.cipu.virtio.ring.RawRing.TOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that builds broken packed chains. The numbers are those of the project's list of hostile inputs. */
@Timeout(30)
class HostilePackedTest {
    private static final int SIZE = 8;

    private final PackedRawRing ring = new PackedRawRing(SIZE);
    private final PackedQueue queue = ring.device();
    private final Chain chain = new Chain();
    private final SingleChains burst = new SingleChains(SIZE);

    private void assertBroken(Violation kind) {
        assertBroken(ring, queue, kind);
    }

    /** The queue throws once, then stays silent and changes nothing, however often it is polled; its neighbour works. */
    static void assertBroken(PackedRawRing ring, PackedQueue queue, Violation kind) {
        Chain chain = new Chain();
        SingleChains burst = new SingleChains(4);
        int position = queue.position();
        byte[] before = ring.descriptors().toArray(ValueLayout.JAVA_BYTE);
        assertThat(queue.popSingles(burst, 4, false)).as("left to pop").isZero();
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(kind));
        assertThat(queue.isBroken()).isTrue();
        assertThat(queue.hasSeen()).isFalse();
        assertThat(queue.position()).isEqualTo(position);
        for (int i = 0; i < 3; i++) {
            assertThat(queue.pop(chain)).isFalse();
            assertThat(queue.popSingles(burst, 4, true)).isZero();
            assertThat(queue.awaitKicks()).isTrue();
        }
        assertThat(queue.publish()).isFalse();
        assertThat(ring.descriptors().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
        PackedRawRing neighbour = new PackedRawRing(2);
        neighbour.offer(NEAR, 1, 0, 0);
        assertThat(neighbour.device().pop(chain)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, SIZE, 1000})
    @Conforms("PR-008")
    void line01_chainThatNeverEndsIsCutAtTheRingsSize(int size) {
        PackedRawRing ring = new PackedRawRing(size);
        for (int i = 0; i < size; i++) {
            ring.offer(NEAR, 1, 0, NEXT);
        }
        assertBroken(ring, ring.device(), Violation.CHAIN_TOO_LONG);
    }

    @Test
    void line02_chainThatGoesOnInADescriptorThatIsNotAvailable() {
        ring.offer(NEAR, 1, 0, NEXT);
        assertBroken(Violation.NEXT_NOT_AVAILABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, AVAIL | USED, USED})
    void line02_chainThatGoesOnInADescriptorOfAnotherLap(int owner) {
        ring.offer(NEAR, 1, 0, NEXT);
        ring.descriptor(1, NEAR, 1, 0, owner);
        assertBroken(Violation.NEXT_NOT_AVAILABLE);
    }

    @Test
    void line02_chainOverTheEndNeedsTheOtherLapsFlags() {
        int start = SIZE - 1 | 0x8000;
        PackedQueue last = ring.builder().position(start << 16 | start).buildPacked();
        ring.descriptor(SIZE - 1, NEAR, 1, 0, NEXT | AVAIL);
        ring.descriptor(0, NEAR, 1, 0, AVAIL);
        assertBroken(ring, last, Violation.NEXT_NOT_AVAILABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 256, 1000, 32768})
    void line03_chainOfExactlyTheQueueSizeIsAccepted(int size) {
        PackedRawRing ring = new PackedRawRing(size);
        for (int i = 0; i < size; i++) {
            ring.offer(NEAR + i, 1, 5, i == size - 1 ? 0 : NEXT);
        }
        PackedQueue queue = ring.device();
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(size);
        assertThat(chain.address(size - 1)).isEqualTo(ring.guest().host(NEAR + size - 1));
        queue.push(5, 0);
        queue.publish();
        assertThat(queue.position()).isEqualTo(0);
    }

    @Test
    void line03_chainLongerThanWhatIsNotHeldIsRejected() {
        ring.offer(NEAR, 1, 3, 0);
        assertThat(queue.pop(chain)).isTrue();
        for (int i = 1; i < SIZE; i++) {
            ring.offer(NEAR, 1, 4, NEXT);
        }
        // ends in a descriptor that the device holds
        ring.offer(NEAR, 1, 4, 0);
        assertBroken(Violation.CHAIN_TOO_LONG);
    }

    @ParameterizedTest
    @CsvSource({"0xfffffffffffff800,0x900", "0xffffffffffffffff,2", "0xffffffffffffffff,0xffffffff"})
    void line04_bufferThatWrapsTheAddressSpaceIsRejected(String address, String length) {
        ring.offer(Long.parseUnsignedLong(address.substring(2), 16), Long.decode(length), 0, 0);
        assertBroken(Violation.ADDRESS_UNMAPPED);
    }

    @Test
    void line04_bufferThatEndsWithTheAddressSpaceIsAccepted() {
        ring.offer(TOP, SMALL, 0, WRITE);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.writableBytes()).isEqualTo(SMALL);
    }

    @ParameterizedTest
    @CsvSource({"0,true", "1,false", "65536,false"})
    void line05_lengthsAreSummedInSixtyFourBits(int beyond, boolean accepted) {
        PackedRawRing ring = new PackedRawRing(32768);
        List<GuestMemory.Region> regions = new ArrayList<>(ring.memory().regions());
        regions.add(new GuestMemory.Region(HOLE, HOLE, Arena.ofAuto().allocate(BIG)));
        // as many buffers of 128 KiB as make 4 GiB, the last one longer; cut to 32 bits the sum is small
        for (int i = 0; i < 32767; i++) {
            ring.offer(NEAR, 2L * BIG, 0, NEXT);
        }
        ring.offer(NEAR, 2L * BIG + beyond, 0, WRITE);
        PackedQueue queue = ring.builder().memory(GuestMemory.of(regions)).buildPacked();
        if (accepted) {
            assertThat(queue.pop(chain)).isTrue();
            assertThat(chain.readableBytes() + chain.writableBytes()).isEqualTo(1L << 32);
        } else {
            assertBroken(ring, queue, Violation.CHAIN_TOO_BIG);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x50000,1", // outside
        "0x2ffff,2", // one byte past the end
        "0x40000,0x1001", // likewise, larger
        "0x30000,16", // in the hole
        "0x3fff8,16", // from the hole into a region
        "0x2fff8,0x10010", // over the hole
        "0x40fff,0x80000000", // far beyond, negative as a signed int
        "0x10000,0xffffffff",
        "0x8000000000000000,1",
    })
    void line06_addressOutsideMemoryIsRejected(String address, String length) {
        ring.offer(NEAR, 16, 0, NEXT);
        ring.offer(Long.parseUnsignedLong(address.substring(2), 16), Long.decode(length), 0, WRITE);
        assertBroken(Violation.ADDRESS_UNMAPPED);
    }

    @ParameterizedTest
    @ValueSource(longs = {HOLE, HOLE - 1, -1L, -31L, Long.MIN_VALUE, Long.MAX_VALUE})
    void line06_addressOutsideMemoryIsNeverTakenInABurst(long address) {
        ring.offer(NEAR, 32, 0, 0);
        ring.offer(address, 32, 1, 0);
        ring.offer(NEAR, 32, 2, 0);
        assertThat(queue.popSingles(burst, SIZE, false)).isEqualTo(1);
        assertThat(queue.hasSeen()).isTrue();
        assertThatThrownBy(() -> queue.pop(chain)).isInstanceOf(VirtqueueViolation.class);
        // the chain taken before is still returned
        queue.pushSingles(burst, 1);
        queue.publish();
        assertThat(ring.isUsed(0, true)).isTrue();
    }

    @Test
    void line07_bufferAcrossRegionsIsSplit() {
        byte[] text = "over the border of two regions".getBytes(StandardCharsets.US_ASCII);
        ring.guest().poke(ADJACENT - 7, text);
        ring.offer(ADJACENT - 7, text.length, 0, NEXT);
        ring.offer(ADJACENT - 5, 100, 0, WRITE);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(4);
        assertThat(chain.length(0)).isEqualTo(7);
        assertThat(chain.address(1)).isEqualTo(ring.guest().host(ADJACENT));
        MemorySegment copy = MemorySegment.ofArray(new byte[text.length]);
        assertThat(chain.read(0, copy, 0, text.length)).isEqualTo(text.length);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(text);
    }

    @Test
    void line08_emptyBuffersAreSkippedAndTheirDescriptorsCounted() {
        ring.offer(NEAR, 0, 0, NEXT);
        ring.offer(0xdead_0000_0000L, 0, 0, NEXT);
        ring.offer(NEAR, 4, 0, NEXT);
        ring.offer(NEAR, 0, 6, WRITE);
        ring.offer(NEAR, 0, 7, 0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(1);
        assertThat(chain.head()).isEqualTo(6);
        assertThat(queue.popSingles(burst, SIZE, false)).isZero();
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isZero();
        queue.push(6, 0);
        queue.push(7, 0);
        queue.publish();
        assertThat(ring.isUsed(0, true) && ring.isUsed(4, true)).isTrue();
        assertThat(ring.idOf(4)).isEqualTo(7);
    }

    @Test
    void line08_endlessEmptyBuffersAreCut() {
        for (int i = 0; i < SIZE; i++) {
            ring.offer(0, 0, 0, NEXT);
        }
        assertBroken(Violation.CHAIN_TOO_LONG);
    }

    @Test
    void line09_readableAfterWritableIsRejected() {
        ring.offer(NEAR, 16, 0, NEXT | WRITE);
        ring.offer(NEAR, 16, 0, 0);
        assertBroken(Violation.READABLE_AFTER_WRITABLE);
    }

    @Test
    @Conforms("PR-004")
    void line09_chainWithNothingWritableGoesBackWithLengthZero() {
        ring.offer(NEAR, 16, 3, 0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.write(0, MemorySegment.ofArray(new byte[1]), 0, 1)).isZero();
        queue.push(3, 0);
        queue.publish();
        assertThat(ring.lengthOf(0)).isZero();
        assertThat(ring.flagsOf(0) & WRITE).isZero();
        assertThat(ring.guest().peek(NEAR, 16))
                .as("readable bytes stay untouched")
                .containsOnly(0);
    }

    @Test
    void line10_moreAvailableThanTheRingHoldsIsNotSeen() {
        for (int i = 0; i < SIZE; i++) {
            ring.offer(NEAR, 16, i, 0);
            assertThat(queue.pop(chain)).isTrue();
        }
        // the driver makes descriptors available that the device holds
        for (int i = 0; i < SIZE; i++) {
            ring.offer(NEAR, 16, SIZE + i, 0);
        }
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.popSingles(burst, SIZE, false)).isZero();
        assertThat(queue.hasSeen()).isFalse();
        assertThat(queue.awaitKicks()).isTrue();
        queue.push(0, 0);
        queue.push(1, 0);
        queue.publish();
        // used elements lie where the driver had written: two chains later at most something is found again
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.isBroken()).isFalse();
    }

    @Test
    void line11_sameIdTwiceIsRejectedAndTheFirstStillCompletes() {
        ring.offer(NEAR, 16, 2, WRITE);
        ring.offer(NEAR, 16, 2, WRITE);
        assertThat(queue.popSingles(burst, SIZE, true)).isEqualTo(1);
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(Violation.HEAD_IN_FLIGHT));
        burst.written(0, 16);
        queue.pushSingles(burst, 1);
        queue.publish();
        assertThat(ring.isUsed(0, true)).isTrue();
        assertThat(ring.idOf(0)).isEqualTo(2);
    }

    @Test
    void line11_idMayReturnOnceItIsUsed() {
        for (int i = 0; i < 3 * SIZE; i++) {
            ring.offer(NEAR, 16, 2, WRITE);
            assertThat(queue.pop(chain)).isTrue();
            queue.push(2, 0);
            queue.publish();
        }
    }

    @Test
    void line12_outstandingChainsAreBoundedByTheQueueSize() {
        for (int i = 0; i < 1000; i++) {
            ring.offer(NEAR, 16, 0xffff - i, 0);
            assertThat(queue.pop(chain)).isEqualTo(i < SIZE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void line17_idBeyondTheSizeIsANameLikeAnyOther(int id) {
        ring.offer(NEAR, 16, id, 0);
        ring.offer(NEAR, 16, id, 0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.head()).isEqualTo(id);
        queue.unpop(chain);
        assertThat(queue.pop(chain)).isTrue();
        assertBroken(Violation.HEAD_IN_FLIGHT);
        queue.push(id, 0);
        queue.publish();
        assertThat(ring.idOf(0)).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    void line19_chainsOverTheRingsEndAtOddSizes(int size) {
        PackedRawRing ring = new PackedRawRing(size);
        PackedQueue queue = ring.device();
        int longest = Math.min(size, 7);
        for (int round = 0; round < 5 * size; round++) {
            int slots = 1 + round % longest;
            for (int i = 0; i < slots; i++) {
                ring.offer(NEAR + i, 1, round & 0xffff, i == slots - 1 ? 0 : NEXT);
            }
            assertThat(queue.pop(chain)).isTrue();
            assertThat(chain.parts()).isEqualTo(slots);
            queue.push(chain.head(), 0);
            queue.publish();
            assertThat(queue.position()).isEqualTo(ring.position() << 16 | ring.position());
        }
    }

    @Test
    @Conforms("PR-006")
    void line20_staleWrapCounterIsNotConsumed() {
        // a driver that forgot to toggle its counter, after a lap
        for (int i = 0; i < SIZE; i++) {
            ring.offer(NEAR, 16, i, 0);
            assertThat(queue.pop(chain)).isTrue();
            queue.push(i, 0);
            queue.publish();
        }
        ring.descriptor(0, NEAR, 16, 0, AVAIL);
        for (int i = 0; i < 3; i++) {
            assertThat(queue.pop(chain)).isFalse();
            assertThat(queue.awaitKicks()).isTrue();
        }
        assertThat(queue.isBroken()).isFalse();
        ring.offer(NEAR, 16, 0, 0);
        assertThat(queue.pop(chain)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, AVAIL | USED})
    @Conforms("PR-006")
    void line20_bothBitsAlikeAreNotConsumed(int owner) {
        ring.descriptor(0, NEAR, 16, 0, owner | WRITE);
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.popSingles(burst, SIZE, true)).isZero();
        assertThat(queue.awaitKicks()).isTrue();
        assertThat(queue.isBroken()).isFalse();
    }

    @Test
    void line20_flagsChangedAfterAvailabilityAreConsumedOnce() {
        ring.offer(NEAR, 16, 3, 0);
        assertThat(queue.pop(chain)).isTrue();
        // available again, and as the next lap's, while the device holds it
        for (int flags : new int[] {AVAIL, USED, AVAIL | NEXT, USED | NEXT, 0}) {
            ring.flags(0, flags);
            assertThat(queue.pop(chain)).isFalse();
        }
        queue.push(3, 0);
        queue.publish();
        assertThat(ring.isUsed(0, true)).isTrue();
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.isBroken()).isFalse();
    }

    @Test
    void line23_descriptorsRewrittenAfterPopChangeNothing() {
        ring.offer(NEAR, 16, 0, NEXT);
        ring.offer(NEAR + 64, 32, 5, WRITE);
        assertThat(queue.pop(chain)).isTrue();
        ring.descriptor(0, HOLE, 0xffff_ffffL, 77, USED | NEXT | WRITE);
        ring.descriptor(1, HOLE, 0xffff_ffffL, 78, USED | 4);
        assertThat(chain.parts()).isEqualTo(2);
        assertThat(chain.readableBytes()).isEqualTo(16);
        assertThat(chain.head()).isEqualTo(5);
        byte[] data = {1, 2, 3, 4};
        assertThat(chain.write(28, MemorySegment.ofArray(data), 0, 4)).isEqualTo(4);
        assertThat(ring.guest().peek(NEAR + 64 + 28, 4)).isEqualTo(data);
        queue.push(5, 32);
        queue.publish();
        assertThat(ring.idOf(0)).isEqualTo(5);
        assertThat(queue.position()).isEqualTo(0x8002_8002);
    }

    @Test
    void line27_partsTooSmallOrMisalignedAreRefused() {
        PackedRawRing roomy = new PackedRawRing(4 * SIZE);
        assertThatThrownBy(ring.builder().size(2 * SIZE)::build).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        ring.builder().rings(roomy.descriptors().asSlice(8), ring.driverEvent(), ring.deviceEvent())
                                ::build)
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(ring.builder()
                        .rings(roomy.descriptors(), roomy.descriptors().asSlice(2), ring.deviceEvent())::build)
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(ring.builder().rings(roomy.descriptors(), ring.driverEvent(), MemorySegment.NULL)::build)
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aBrokenQueueTakesBackWhatItGaveOut() {
        ring.offer(NEAR, 16, 0, 0);
        ring.offer(FAR + SMALL, 16, 1, 0);
        Chain first = new Chain();
        assertThat(queue.pop(first)).isTrue();
        assertThatThrownBy(() -> queue.pop(chain)).isInstanceOf(VirtqueueViolation.class);
        queue.unpop(first);
        assertThat(queue.hasSeen()).isFalse();
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.position()).isEqualTo(0x8000_8000);
    }
}
