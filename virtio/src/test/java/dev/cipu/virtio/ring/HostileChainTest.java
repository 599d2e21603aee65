package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.BIG;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.INDIRECT;
import static dev.cipu.virtio.ring.RawRing.LOW;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.NEXT;
import static dev.cipu.virtio.ring.RawRing.SMALL;
import static dev.cipu.virtio.ring.RawRing.TOP;
import static dev.cipu.virtio.ring.RawRing.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that builds broken chains. The numbers are those of the project's list of hostile inputs. */
@Timeout(30)
class HostileChainTest {
    private static final int SIZE = 8;

    private final RawRing ring = new RawRing(SIZE);
    private final SplitQueue queue = ring.device();
    private final Chain chain = new Chain();

    /** The queue throws once, then stays silent and publishes nothing, however often it is polled. */
    private void assertBroken(Violation kind) {
        assertBroken(ring, queue, kind);
    }

    private void assertBroken(RawRing ring, SplitQueue queue, Violation kind) {
        int before = ring.usedIndex();
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(kind));
        assertThat(queue.isBroken()).isTrue();
        for (int i = 0; i < 3; i++) {
            assertThat(queue.pop(chain)).isFalse();
            assertThat(queue.available()).isZero();
            assertThat(queue.awaitKicks()).isTrue();
        }
        ring.descriptor(0, NEAR, 16, 0, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).as("a broken queue stays broken").isFalse();
        assertThat(queue.publish()).isFalse();
        assertThat(ring.usedIndex()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8})
    void line01_cycleOfDescriptorsIsCut(int cycle) {
        for (int i = 0; i < cycle; i++) {
            ring.descriptor(i, NEAR, 1, NEXT, (i + 1) % cycle);
        }
        ring.offer(0);
        assertBroken(Violation.CHAIN_TOO_LONG);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 0x7fff, 0x8000, 0xffff})
    void line02_nextOutOfRangeIsRejected(int next) {
        ring.descriptor(0, NEAR, 16, NEXT, next);
        ring.offer(0);
        assertBroken(Violation.NEXT_OUT_OF_RANGE);
    }

    @Test
    void line02_nextWithoutItsFlagIsIgnored() {
        ring.descriptor(0, NEAR, 16, 0, 0xffff);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 256, 32768})
    void line03_chainOfExactlyTheQueueSizeIsAccepted(int size) {
        RawRing ring = new RawRing(size);
        for (int i = 0; i < size; i++) {
            ring.descriptor(i, NEAR + i, 1, i == size - 1 ? 0 : NEXT, i + 1);
        }
        ring.offer(0);
        assertThat(ring.device().pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(size);
        assertThat(chain.readableBytes()).isEqualTo(size);
        assertThat(chain.address(size - 1)).isEqualTo(ring.host(NEAR + size - 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 256, 32768})
    @Conforms("SR-002")
    void line03_oneDescriptorMoreIsRejected(int size) {
        RawRing ring = new RawRing(size);
        for (int i = 0; i < size; i++) {
            // the last one goes on, to a descriptor that would end the chain had it not been used already
            ring.descriptor(i, NEAR, 1, NEXT, (i + 1) % size);
        }
        ring.offer(0);
        assertBroken(ring, ring.device(), Violation.CHAIN_TOO_LONG);
    }

    @ParameterizedTest
    @CsvSource({"0xfffffffffffff800,0x900", "0xffffffffffffffff,2", "0xffffffffffffffff,0xffffffff"})
    void line04_bufferThatWrapsTheAddressSpaceIsRejected(String address, String length) {
        ring.descriptor(0, Long.parseUnsignedLong(address.substring(2), 16), Long.decode(length), 0, 0);
        ring.offer(0);
        assertBroken(Violation.ADDRESS_UNMAPPED);
    }

    @Test
    void line04_bufferThatEndsWithTheAddressSpaceIsAccepted() {
        ring.descriptor(0, TOP, SMALL, WRITE, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.writableBytes()).isEqualTo(SMALL);
    }

    @ParameterizedTest
    @CsvSource({"0,true", "1,false", "65536,false"})
    void line05_lengthsAreSummedInSixtyFourBits(int beyond, boolean accepted) {
        // 32767 buffers of 128 KiB and a table of two: 2^32 bytes and as many more as `beyond`; cut to 32 bits it is
        // small
        RawRing ring = new RawRing(32768);
        int last = ring.size() - 1;
        for (int i = 0; i < last; i++) {
            ring.descriptor(i, NEAR, 2L * BIG, NEXT, i + 1);
        }
        ring.descriptor(last, LOW, 32, INDIRECT, 0);
        ring.entry(LOW, 0, NEAR, 2L * BIG, NEXT, 1);
        ring.entry(LOW, 1, NEAR, beyond, WRITE, 0);
        ring.offer(0);
        SplitQueue queue = ring.device(RingFeature.INDIRECT_DESC);
        if (accepted) {
            assertThat(queue.pop(chain)).isTrue();
            assertThat(chain.readableBytes()).isEqualTo(1L << 32);
        } else {
            assertBroken(ring, queue, Violation.CHAIN_TOO_BIG);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x50000,1", // outside
        "0x1fffff,1", // outside
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
        ring.descriptor(0, NEAR, 16, NEXT, 1);
        ring.descriptor(1, Long.parseUnsignedLong(address.substring(2), 16), Long.decode(length), WRITE, 0);
        ring.offer(0);
        assertBroken(Violation.ADDRESS_UNMAPPED);
    }

    @Test
    void line06_lastByteOfARegionIsAccepted() {
        ring.descriptor(0, HOLE - 1, 1, NEXT, 1);
        ring.descriptor(1, FAR + SMALL - 1, 1, NEXT | WRITE, 2);
        ring.descriptor(2, FAR, SMALL, WRITE, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(3);
        assertThat(chain.address(0)).isEqualTo(ring.host(HOLE - 1));
    }

    @Test
    void line07_bufferAcrossRegionsIsSplit() {
        byte[] text = "over the border of two regions".getBytes(StandardCharsets.US_ASCII);
        ring.poke(ADJACENT - 7, text);
        ring.descriptor(0, ADJACENT - 7, text.length, NEXT, 1);
        ring.descriptor(1, ADJACENT - 5, 100, WRITE, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(4);
        assertThat(chain.readableParts()).isEqualTo(2);
        assertThat(chain.length(0)).isEqualTo(7);
        assertThat(chain.length(1)).isEqualTo(text.length - 7);
        assertThat(chain.address(0)).isEqualTo(ring.host(ADJACENT - 7));
        assertThat(chain.address(1)).isEqualTo(ring.host(ADJACENT));
        MemorySegment copy = MemorySegment.ofArray(new byte[text.length]);
        assertThat(chain.read(0, copy, 0, text.length)).isEqualTo(text.length);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(text);
        assertThat(chain.write(0, MemorySegment.ofArray(text), 0, text.length)).isEqualTo(text.length);
        assertThat(ring.peek(ADJACENT - 5, text.length)).isEqualTo(text);
    }

    @Test
    void line08_emptyBuffersAreSkipped() {
        ring.descriptor(0, NEAR, 0, NEXT, 1);
        ring.descriptor(1, 0xdead_0000_0000L, 0, NEXT, 2);
        ring.descriptor(2, NEAR, 4, NEXT, 3);
        ring.descriptor(3, NEAR, 0, WRITE, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(1);
        assertThat(chain.readableBytes()).isEqualTo(4);
        assertThat(chain.writableBytes()).isZero();
    }

    @Test
    void line08_chainOfEmptyBuffersOnlyIsEmpty() {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR, 0, i == SIZE - 1 ? 0 : NEXT, i + 1);
        }
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isZero();
        MemorySegment one = MemorySegment.ofArray(new byte[1]);
        assertThat(chain.read(0, one, 0, 1)).isZero();
        assertThat(chain.write(0, one, 0, 1)).isZero();
        queue.push(chain.head(), 0);
        queue.publish();
        assertThat(ring.usedIndex()).isEqualTo(1);
    }

    @Test
    void line08_cycleOfEmptyBuffersIsCut() {
        ring.descriptor(0, NEAR, 0, NEXT, 1);
        ring.descriptor(1, NEAR, 0, NEXT, 0);
        ring.offer(0);
        assertBroken(Violation.CHAIN_TOO_LONG);
    }

    @Test
    void line09_readableAfterWritableIsRejected() {
        ring.descriptor(0, NEAR, 16, NEXT | WRITE, 1);
        ring.descriptor(1, NEAR, 16, 0, 0);
        ring.offer(0);
        assertBroken(Violation.READABLE_AFTER_WRITABLE);
    }

    @Test
    void line09_chainWithNothingWritableGoesBackWithLengthZero() {
        ring.descriptor(3, NEAR, 16, 0, 0);
        ring.offer(3);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.writableBytes()).isZero();
        assertThat(chain.write(0, MemorySegment.ofArray(new byte[1]), 0, 1)).isZero();
        queue.push(chain.head(), 0);
        queue.publish();
        assertThat(ring.usedId(0)).isEqualTo(3);
        assertThat(ring.usedLength(0)).isZero();
        assertThat(ring.peek(NEAR, 16)).as("readable bytes stay untouched").containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void line10_availIndexJumpIsRejected(int index) {
        ring.descriptor(0, NEAR, 16, 0, 0);
        ring.availIndex(index);
        assertBroken(Violation.AVAIL_INDEX_JUMP);
    }

    @Test
    void line10_fullRingIsNoJump() {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR, 16, 0, 0);
            ring.offer(i);
        }
        for (int i = 0; i < SIZE; i++) {
            assertThat(queue.pop(chain)).isTrue();
        }
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.isBroken()).isFalse();
    }

    @Test
    void line11_availIndexThatGoesBackIsRejected() {
        ring.descriptor(0, NEAR, 16, 0, 0);
        ring.descriptor(1, NEAR, 16, 0, 0);
        ring.offer(0);
        ring.offer(1);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(queue.pop(chain)).isTrue();
        ring.availIndex(1);
        assertBroken(Violation.AVAIL_INDEX_JUMP);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void line11_ringEntryOutOfRangeIsRejected(int head) {
        ring.offer(head);
        assertBroken(Violation.HEAD_OUT_OF_RANGE);
    }

    @Test
    void line11_sameHeadTwiceIsRejectedAndTheFirstStillCompletes() {
        ring.descriptor(2, NEAR, 16, WRITE, 0);
        ring.offer(2);
        ring.offer(2);
        assertThat(queue.pop(chain)).isTrue();
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(Violation.HEAD_IN_FLIGHT));
        queue.push(2, 16);
        queue.publish();
        assertThat(ring.usedIndex()).isEqualTo(1);
        assertThat(ring.usedId(0)).isEqualTo(2);
        assertThatThrownBy(() -> queue.push(2, 16)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void line11_headMayReturnOnceItIsUsed() {
        ring.descriptor(2, NEAR, 16, WRITE, 0);
        for (int i = 0; i < 3 * SIZE; i++) {
            ring.offer(2);
            assertThat(queue.pop(chain)).isTrue();
            queue.push(2, 0);
            queue.publish();
        }
        assertThat(ring.usedIndex()).isEqualTo(3 * SIZE);
    }

    @Test
    void line12_outstandingChainsAreBoundedByTheQueueSize() {
        for (int i = 0; i < SIZE; i++) {
            ring.descriptor(i, NEAR, 16, 0, 0);
            ring.offer(i);
            assertThat(queue.pop(chain)).isTrue();
        }
        // every head is taken: whatever comes next names one of them
        ring.offer(SIZE / 2);
        assertBroken(Violation.HEAD_IN_FLIGHT);
    }

    @Test
    void unpopAfterAViolationYieldsNothing() {
        ring.descriptor(0, NEAR, 16, 0, 0);
        ring.offer(0);
        ring.offer(SIZE);
        Chain first = new Chain();
        assertThat(queue.pop(first)).isTrue();
        assertThatThrownBy(() -> queue.pop(chain)).isInstanceOf(VirtqueueViolation.class);
        queue.unpop(first);
        assertThat(queue.pop(chain)).isFalse();
        assertThat(queue.position()).isZero();
    }
}
