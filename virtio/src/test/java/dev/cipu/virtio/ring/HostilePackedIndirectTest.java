package dev.cipu.virtio.ring;

import static dev.cipu.virtio.ring.HostilePackedTest.assertBroken;
import static dev.cipu.virtio.ring.PackedRawRing.INDIRECT;
import static dev.cipu.virtio.ring.PackedRawRing.NEXT;
import static dev.cipu.virtio.ring.PackedRawRing.WRITE;
import static dev.cipu.virtio.ring.RawRing.ADJACENT;
import static dev.cipu.virtio.ring.RawRing.FAR;
import static dev.cipu.virtio.ring.RawRing.HOLE;
import static dev.cipu.virtio.ring.RawRing.LOW;
import static dev.cipu.virtio.ring.RawRing.NEAR;
import static dev.cipu.virtio.ring.RawRing.SMALL;
import static dev.cipu.virtio.ring.RawRing.TOP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that builds broken indirect tables for a packed ring. The numbers are those of the list of hostile inputs. */
@Timeout(30)
class HostilePackedIndirectTest {
    private static final int SIZE = 8;

    /** Where a well-formed table lies. */
    private static final long TABLE = FAR;

    private final PackedRawRing ring = new PackedRawRing(SIZE);
    private final PackedQueue queue = ring.device(RingFeature.INDIRECT_DESC);
    private final Chain chain = new Chain();

    /** Entry {@code index} of a table at {@code table}. */
    private void entry(long table, int index, long address, int length, int flags) {
        // the id in between means nothing
        ring.entry(table, index, address, length, 0xabcd, flags);
    }

    private void table(long address, int count) {
        for (int i = 0; i < count; i++) {
            entry(address, i, NEAR + i, 1, 0);
        }
    }

    @Test
    void line13_indirectWithoutTheFeatureIsRejected() {
        table(TABLE, 1);
        ring.offer(TABLE, 16, 0, INDIRECT);
        assertBroken(ring, ring.device(), Violation.INDIRECT_NOT_NEGOTIATED);
    }

    @Test
    void line13_indirectInsideAChainIsRejected() {
        table(TABLE, 1);
        ring.offer(NEAR, 16, 0, NEXT);
        ring.offer(TABLE, 16, 0, INDIRECT);
        assertBroken(ring, queue, Violation.INDIRECT_IN_CHAIN);
    }

    @Test
    void line18_indirectThatGoesOnIsRejectedAtOnce() {
        table(TABLE, 1);
        for (int i = 0; i < SIZE; i++) {
            ring.offer(TABLE, 16, 0, INDIRECT | NEXT);
        }
        assertBroken(ring, queue, Violation.INDIRECT_WITH_NEXT);
    }

    @Test
    @Conforms("PR-013")
    void line13_flagsInsideTheTableMeanNothingButWrite() {
        // what would be an end, a list, a nested table and somebody else's descriptor
        entry(TABLE, 0, NEAR, 1, 0);
        entry(TABLE, 1, NEAR + 1, 1, NEXT | INDIRECT);
        entry(TABLE, 2, NEAR + 2, 1, 0xfffd);
        entry(TABLE, 3, NEAR + 3, 1, 0xffff);
        ring.offer(TABLE, 64, 6, INDIRECT);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.head()).isEqualTo(6);
        assertThat(chain.parts()).isEqualTo(4);
        assertThat(chain.readableParts()).isEqualTo(3);
        for (int i = 0; i < 4; i++) {
            assertThat(chain.address(i)).isEqualTo(ring.guest().host(NEAR + i));
        }
        queue.push(6, 1);
        queue.publish();
        assertThat(queue.position()).as("one descriptor of the ring").isEqualTo(0x8001_8001);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 17, 16 * 1024 + 1, 16 * 1025, 0x8000_0000L, 0xffff_fff0L, 0xffff_ffffL})
    @Conforms({"PR-009", "PR-013"})
    void line14_tableOfABrokenOrTooLargeSizeIsRejected(long bytes) {
        ring.offer(NEAR, bytes, 0, INDIRECT);
        assertBroken(ring, queue, Violation.INDIRECT_SIZE);
    }

    @Test
    @Conforms("PR-013")
    void line14_largestTableIsAccepted() {
        table(NEAR, Virtqueue.MAX_INDIRECT);
        ring.offer(NEAR, 16L * Virtqueue.MAX_INDIRECT, 0, INDIRECT);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.parts()).isEqualTo(Virtqueue.MAX_INDIRECT);
    }

    @Test
    void line14_aTableThatReadsAfterItWritesIsRejected() {
        entry(TABLE, 0, NEAR, 1, WRITE);
        entry(TABLE, 1, NEAR, 1, 0);
        ring.offer(TABLE, 32, 0, INDIRECT);
        assertBroken(ring, queue, Violation.READABLE_AFTER_WRITABLE);
    }

    @Test
    void line15_tableAcrossRegionsAndAtAnyAlignmentIsFollowed() {
        for (long table : new long[] {ADJACENT - 24, ADJACENT - 33, TABLE + 1, TABLE + 7}) {
            entry(table, 0, NEAR + 64, 5, 0);
            entry(table, 1, NEAR + 128, 6, WRITE);
            entry(table, 2, NEAR + 256, 7, WRITE);
            ring.offer(table, 48, 4, INDIRECT);
            assertThat(queue.pop(chain)).isTrue();
            assertThat(chain.parts()).isEqualTo(3);
            assertThat(chain.readableBytes()).isEqualTo(5);
            assertThat(chain.writableBytes()).isEqualTo(13);
            assertThat(chain.address(2)).isEqualTo(ring.guest().host(NEAR + 256));
            queue.push(4, 13);
            queue.publish();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {HOLE, HOLE - 16, FAR + SMALL - 16, FAR - 16, TOP + SMALL - 16, 0x8000_0000_0000_0000L})
    void line15_tableOutsideMemoryIsRejected(long table) {
        // the one before the end of the address space would go on at its beginning, where there is memory
        entry(LOW, 0, NEAR, 1, 0);
        ring.offer(table, 32, 0, INDIRECT);
        assertBroken(ring, queue, Violation.ADDRESS_UNMAPPED);
    }

    @Test
    @Conforms("PR-013")
    void line16_writeFlagOnTheIndirectDescriptorIsIgnored() {
        entry(TABLE, 0, NEAR, 3, 0);
        entry(TABLE, 1, NEAR + 8, 4, WRITE);
        ring.offer(TABLE, 32, 0, INDIRECT | WRITE);
        assertThat(queue.pop(chain)).isTrue();
        assertThat(chain.readableBytes()).isEqualTo(3);
        assertThat(chain.writableBytes()).isEqualTo(4);
    }

    @Test
    void line16_tablesAndChainsMayTakeTurns() {
        table(TABLE, 2);
        ring.offer(TABLE, 32, 0, INDIRECT);
        ring.offer(NEAR, 16, 0, NEXT);
        ring.offer(NEAR, 16, 1, 0);
        ring.offer(TABLE, 16, 2, INDIRECT);
        for (int id = 0; id < 3; id++) {
            assertThat(queue.pop(chain)).isTrue();
            assertThat(chain.head()).isEqualTo(id);
        }
        assertThat(chain.parts()).isEqualTo(1);
    }
}
