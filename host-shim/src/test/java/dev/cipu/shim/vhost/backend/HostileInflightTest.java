package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.REFUSED;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.SIZE;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.inflight;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lines 55 and 56 of the hostile inputs, and the record itself. */
@Timeout(60)
class HostileInflightTest {
    private static final long STRIDE = InflightLayout.stride(SIZE);

    @Test
    void aSuccessorCompletesWhatItsPredecessorHeldInTheOrderTaken() throws Exception {
        try (FdBundle received = new FdBundle();
                SessionUnderTest first = SessionUnderTest.blk()) {
            RawFrontEnd front = first.front;
            front.negotiate();
            front.shareMemory();
            front.send(Request.GET_INFLIGHT_FD, inflight(0, 0, 2, SIZE));
            ByteBuffer answer = front.reply(Request.GET_INFLIGHT_FD, received);
            long bytes = answer.getLong();
            assertThat(bytes).isEqualTo(2 * STRIDE);
            try (Mapping kept = Mapping.of(received.take(), 0, bytes);
                    Memfd copy = Memfd.create("kept", bytes);
                    Mapping target = copy.map()) {
                assertThat(front.acked(Request.SET_INFLIGHT_FD, inflight(bytes, 0, 2, SIZE), copy.fd()))
                        .isZero();
                front.startRing(0);
                front.expose(0, 7);
                assertThat(first.function.serve(0)).containsExactly(7);
                front.expose(0, 9);
                front.expose(0, 3);
                front.expose(0, 5);
                assertThat(first.function.hold(0)).containsExactly(9, 3, 5);
                assertThat(kept.segment().byteSize()).isEqualTo(target.segment().byteSize());
                // the process dies here: nothing more is written; a successor gets the same memory
                try (SessionUnderTest second = SessionUnderTest.blk()) {
                    second.front.negotiate();
                    assertThat(second.front.acked(
                                    Request.SET_MEM_TABLE,
                                    RawFrontEnd.table(RawFrontEnd.GUEST, RawFrontEnd.MEMORY, RawFrontEnd.USER, 0),
                                    front.memory.fd()))
                            .isZero();
                    assertThat(second.front.acked(Request.SET_INFLIGHT_FD, inflight(bytes, 0, 2, SIZE), copy.fd()))
                            .isZero();
                    second.front.startRing(0);
                    front.expose(0, 11);
                    assertThat(second.function.serve(0)).containsExactly(9, 3, 5, 11);
                    assertThat(front.usedIndex(0)).isEqualTo(5);
                    assertThat(second.front.baseOf(0)).isEqualTo(5);
                }
            }
        }
    }

    @Test
    void line55GetInflightRepeatedOrWithImpossibleSizesKeepsMemoryBounded() throws Exception {
        int[][] impossible = {{0, 64}, {65535, 64}, {3, 64}, {1, 0}, {1, 65535}, {1, 100}};
        for (int[] sizes : impossible) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                session.front.send(Request.GET_INFLIGHT_FD, inflight(0, 0, sizes[0], sizes[1]));
                assertThat(session.end().failed()).isTrue();
            }
        }
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.sync();
            long before = OpenDescriptors.count();
            for (int i = 0; i < 1000; i++) {
                session.front.send(Request.GET_INFLIGHT_FD, inflight(0, 0, 2, 32768));
                try (FdBundle received = new FdBundle()) {
                    session.front.reply(Request.GET_INFLIGHT_FD, received);
                    assertThat(received.count()).isEqualTo(1);
                }
            }
            session.front.sync();
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            assertThat(OpenDescriptors.mappings("vhost-inflight")).isZero();
        }
    }

    @Test
    void line56SetInflightBeforeRingsExistWorksAndImpossibleOnesAreRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd memory = Memfd.create("inflight", 2 * STRIDE)) {
            RawFrontEnd front = session.front;
            front.negotiate();
            long before = OpenDescriptors.count();
            byte[][] bad = {
                inflight(2 * STRIDE - 1, 0, 2, SIZE),
                inflight(2 * STRIDE + (1 << 21) + 1, 0, 2, SIZE),
                inflight(3 * STRIDE, 0, 3, SIZE),
                inflight(4 * STRIDE, 0, 2, 2 * SIZE),
                inflight(2 * STRIDE, 64, 2, SIZE),
                inflight(-1, 0, 2, SIZE),
                inflight(STRIDE, -64, 1, SIZE),
                inflight(2 * STRIDE, 0, 0, SIZE),
                inflight(2 * STRIDE, 0, 2, 0),
            };
            for (byte[] region : bad) {
                assertThat(front.acked(Request.SET_INFLIGHT_FD, region, memory.fd()))
                        .isEqualTo(REFUSED);
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            assertThat(front.acked(Request.SET_INFLIGHT_FD, inflight(2 * STRIDE, 0, 2, SIZE), memory.fd()))
                    .isZero();
            front.shareMemory();
            front.startRing(0);
            assertThat(front.acked(Request.SET_INFLIGHT_FD, inflight(2 * STRIDE, 0, 2, SIZE), memory.fd()))
                    .isEqualTo(REFUSED);
        }
    }

    @Test
    void line56CorruptContentsDoNotStartTheRing() throws Exception {
        // version, descriptors, last batch head, used index, used ring's index
        int[][] corrupt = {
            {2, SIZE, 0, 0, 0},
            {1, SIZE + 1, 0, 0, 0},
            {1, 0, 0, 0, 0},
            {1, SIZE, SIZE, 0, 1},
            {1, SIZE, 0, 1, 0},
            {1, SIZE, 0, 0, SIZE + 1},
            {1, SIZE, 0xffff, 0xfff0, 5}
        };
        for (int[] header : corrupt) {
            try (SessionUnderTest session = SessionUnderTest.blk();
                    Memfd memory = Memfd.create("inflight", STRIDE);
                    Mapping mapping = memory.map()) {
                writeHeader(mapping.segment(), header);
                RawFrontEnd front = session.front;
                front.negotiate();
                front.shareMemory();
                front.usedIndex(0, header[4]);
                front.acked(Request.SET_INFLIGHT_FD, inflight(STRIDE, 0, 1, SIZE), memory.fd());
                front.acked(Request.SET_VRING_NUM, RawFrontEnd.state(0, SIZE));
                front.acked(Request.SET_VRING_ADDR, RawFrontEnd.addresses(0));
                assertThat(front.acked(Request.SET_VRING_KICK, RawFrontEnd.u64(0), front.kick.fd()))
                        .isEqualTo(REFUSED);
                assertThat(session.function.isAttached(0)).isFalse();
                assertThat(front.ask(Request.GET_QUEUE_NUM, new byte[0]).getLong())
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void line56EqualCountersFallBackToDescriptorOrder() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(STRIDE, 64);
            writeHeader(part, new int[] {1, SIZE, 0, 0});
            for (int head : new int[] {9, 4, 60}) {
                put(part, head, 1, head == 60 ? -5 : 77);
            }
            InflightQueue queue = new InflightQueue(part, SIZE, SIZE);
            assertThat(queue.recover(0)).containsExactly(4, 9, 60);
        }
    }

    @Test
    void aBatchThatWasPublishedButNotClearedIsFinished() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(STRIDE, 64);
            InflightQueue predecessor = new InflightQueue(part, SIZE, SIZE);
            assertThat(predecessor.recover(0)).isEmpty();
            for (int head : new int[] {1, 2, 3, 4}) {
                predecessor.taken(head);
            }
            predecessor.completing(1);
            predecessor.published(1);
            predecessor.completing(3);
            predecessor.completing(2);
            // died between the used index and the clearing of entries
            assertThat(new InflightQueue(part, SIZE, SIZE).recover(3)).containsExactly(4);
            assertThat(new InflightQueue(part, SIZE, SIZE).recover(3)).containsExactly(4);
        }
    }

    @Test
    void aBatchThatWasNotPublishedIsResubmitted() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(STRIDE, 64);
            InflightQueue predecessor = new InflightQueue(part, SIZE, SIZE);
            predecessor.recover(65535);
            predecessor.taken(8);
            predecessor.taken(6);
            predecessor.completing(8);
            InflightQueue successor = new InflightQueue(part, SIZE, SIZE);
            assertThat(successor.recover(65535)).containsExactly(8, 6);
            successor.completing(6);
            successor.completing(8);
            successor.published(1);
            assertThat(new InflightQueue(part, SIZE, SIZE).recover(1)).isEmpty();
        }
    }

    @Test
    void moreCompletionsThanDescriptorsInOnePublicationAreOurOwnBug() {
        try (Arena arena = Arena.ofConfined()) {
            InflightQueue queue = new InflightQueue(arena.allocate(InflightLayout.stride(1), 64), 1, 1);
            queue.recover(0);
            queue.completing(0);
            assertThatThrownBy(() -> queue.completing(0)).isInstanceOf(IllegalStateException.class);
        }
    }

    private static void writeHeader(MemorySegment part, int[] header) {
        part.set(Le.SHORT, InflightLayout.VERSION, (short) header[0]);
        part.set(Le.SHORT, InflightLayout.DESCRIPTORS, (short) header[1]);
        part.set(Le.SHORT, InflightLayout.LAST_BATCH_HEAD, (short) header[2]);
        part.set(Le.SHORT, InflightLayout.USED_INDEX, (short) header[3]);
    }

    private static void put(MemorySegment part, int head, int taken, long counter) {
        part.set(ValueLayout.JAVA_BYTE, InflightLayout.entry(head), (byte) taken);
        part.set(Le.LONG, InflightLayout.entry(head) + InflightLayout.ENTRY_COUNTER, counter);
    }
}
