package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.RawRing.ADJACENT;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that builds broken indirect tables. The numbers are those of the project's list of hostile inputs. */
@Timeout(30)
class HostileIndirectTest {
    private static final int SIZE = 8;

    /** Where a well-formed table lies. */
    private static final long TABLE = FAR;

    private final RawRing ring = new RawRing(SIZE);
    private final SplitQueue queue = ring.device(RingFeature.INDIRECT_DESC);
    private final Chain chain = new Chain();

    private void assertBroken(SplitQueue queue, Violation kind) {
        assertThatThrownBy(() -> queue.pop(chain))
                .isInstanceOfSatisfying(
                        VirtqueueViolation.class, e -> assertThat(e.kind()).isEqualTo(kind));
        assertThat(queue.isBroken()).isTrue();
        assertThat(queue.pop(chain)).isFalse();
    }

    /** A table of {@code count} one-byte buffers, chained in order. */
    private void table(long address, int count) {
        for (int i = 0; i < count; i++) {
            ring.entry(address, i, NEAR + i, 1, i == count - 1 ? 0 : NEXT, i + 1);
        }
    }

    @Test
    void line13_indirectWithoutTheFeatureIsRejected() {
        table(TABLE, 1);
        ring.descriptor(0, TABLE, 16, INDIRECT, 0);
        ring.offer(0);
        assertBroken(ring.device(), Violation.INDIRECT_NOT_NEGOTIATED);
    }

    @Test
    void line13_nestedTableIsRejected() {
        ring.entry(TABLE, 0, NEAR, 1, NEXT, 1);
        ring.entry(TABLE, 1, TABLE, 16, INDIRECT, 0);
        ring.descriptor(0, TABLE, 32, INDIRECT, 0);
        ring.offer(0);
        assertBroken(queue, Violation.INDIRECT_NESTED);
    }

    @Test
    void line13_indirectThatGoesOnIsRejected() {
        table(TABLE, 1);
        ring.descriptor(0, TABLE, 16, INDIRECT | NEXT, 1);
        ring.descriptor(1, NEAR, 16, 0, 0);
        ring.offer(0);
        assertBroken(queue, Violation.INDIRECT_WITH_NEXT);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 17, 16 * 1024 + 1, 16 * 1025, 0x8000_0000L, 0xffff_fff0L, 0xffff_ffffL})
    @Conforms("SR-002")
    void line14_tableOfABrokenOrTooLargeSizeIsRejected(long bytes) {
        ring.descriptor(0, NEAR, bytes, INDIRECT, 0);
        ring.offer(0);
        assertBroken(queue, Violation.INDIRECT_SIZE);
    }

    @Test
    void line14_largestTableIsAccepted() {
        table(NEAR, SplitQueue.MAX_INDIRECT);
        ring.descriptor(0, NEAR, 16L * SplitQueue.MAX_INDIRECT, INDIRECT, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(SplitQueue.MAX_INDIRECT);
    }

    @Test
    void line14_aLargerQueueAllowsALargerTable() {
        RawRing large = new RawRing(2048);
        for (int i = 0; i < 2048; i++) {
            large.entry(NEAR, i, ADJACENT, 1, i == 2047 ? 0 : NEXT, i + 1);
        }
        large.descriptor(0, NEAR, 16 * 2048, INDIRECT, 0);
        large.offer(0);
        assertThat(large.device(RingFeature.INDIRECT_DESC).pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(2048);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 0x7fff, 0x8000, 0xffff})
    void line14_nextOutsideTheTableIsRejected(int next) {
        ring.entry(TABLE, 0, NEAR, 1, NEXT, next);
        ring.entry(TABLE, 1, NEAR, 1, 0, 0);
        ring.descriptor(0, TABLE, 32, INDIRECT, 0);
        ring.offer(0);
        assertBroken(queue, Violation.NEXT_OUT_OF_RANGE);
    }

    @Test
    void line14_cycleInsideTheTableIsCut() {
        ring.entry(TABLE, 0, NEAR, 1, NEXT, 1);
        ring.entry(TABLE, 1, NEAR, 1, NEXT, 0);
        ring.descriptor(0, TABLE, 32, INDIRECT, 0);
        ring.offer(0);
        assertBroken(queue, Violation.CHAIN_TOO_LONG);
    }

    @Test
    void line15_tableAcrossRegionsIsFollowed() {
        // the border lies inside an entry
        long table = ADJACENT - 24;
        ring.entry(table, 0, NEAR + 64, 5, NEXT, 1);
        ring.entry(table, 1, NEAR + 128, 6, NEXT | WRITE, 2);
        ring.entry(table, 2, NEAR + 256, 7, WRITE, 0);
        ring.descriptor(4, table, 48, INDIRECT, 0);
        ring.offer(4);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.head()).isEqualTo(4);
        assertThat(chain.parts()).isEqualTo(3);
        assertThat(chain.readableBytes()).isEqualTo(5);
        assertThat(chain.writableBytes()).isEqualTo(13);
        assertThat(chain.address(2)).isEqualTo(ring.host(NEAR + 256));
    }

    @Test
    void line15_tableAtAnyAlignmentIsFollowed() {
        for (int shift = 1; shift < 16; shift++) {
            table(TABLE + shift, 3);
            ring.descriptor(0, TABLE + shift, 48, INDIRECT, 0);
            ring.offer(0);
            assertThat(queue.pop(chain)).isTrue();
            assertThat(chain.parts()).isEqualTo(3);
            queue.push(0, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {HOLE, HOLE - 16, FAR + SMALL - 16, FAR - 16, 0x8000_0000_0000_0000L})
    void line15_tableOutsideMemoryIsRejected(long table) {
        ring.descriptor(0, table, 32, INDIRECT, 0);
        ring.offer(0);
        assertBroken(queue, Violation.ADDRESS_UNMAPPED);
    }

    @Test
    void line15_tableThatWrapsTheAddressSpaceIsRejected() {
        // both ends are mapped, and a table of well-formed entries lies there
        ring.entry(TOP + SMALL - 16, 0, NEAR, 1, NEXT, 1);
        ring.entry(LOW, 0, NEAR, 1, 0, 0);
        ring.descriptor(0, TOP + SMALL - 16, 32, INDIRECT, 0);
        ring.offer(0);
        assertBroken(queue, Violation.ADDRESS_UNMAPPED);
    }

    @Test
    @Conforms("SR-006")
    void line16_writeFlagOnTheIndirectDescriptorIsIgnored() {
        ring.entry(TABLE, 0, NEAR, 3, NEXT, 1);
        ring.entry(TABLE, 1, NEAR + 8, 4, WRITE, 0);
        ring.descriptor(0, TABLE, 32, INDIRECT | WRITE, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.readableBytes()).isEqualTo(3);
        assertThat(chain.writableBytes()).isEqualTo(4);
    }

    @Test
    @Conforms("SR-007")
    void line16_directDescriptorsMayComeBeforeTheTable() {
        // [virtio-1.4 §2.7.5.3.2] zero or more normal descriptors, then one that points to a table
        ring.descriptor(0, NEAR, 10, NEXT, 1);
        ring.descriptor(1, NEAR + 64, 20, NEXT, 2);
        ring.descriptor(2, TABLE, 32, INDIRECT, 0);
        ring.entry(TABLE, 0, NEAR + 128, 30, NEXT, 1);
        ring.entry(TABLE, 1, NEAR + 256, 40, WRITE, 0);
        ring.offer(0);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(4);
        assertThat(chain.readableBytes()).isEqualTo(60);
        assertThat(chain.writableBytes()).isEqualTo(40);
    }

    @Test
    void line16_tableMayNotReadAfterADirectDescriptorWrites() {
        ring.descriptor(0, NEAR, 10, NEXT | WRITE, 1);
        ring.descriptor(1, TABLE, 16, INDIRECT, 0);
        ring.entry(TABLE, 0, NEAR + 128, 30, 0, 0);
        ring.offer(0);
        assertBroken(queue, Violation.READABLE_AFTER_WRITABLE);
    }
}
