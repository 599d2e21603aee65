package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.GUEST;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.MEMORY;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.USER;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Translations as raw messages, right and wrong ones. What the driver calls an address is not where the memory table has it. */
@Timeout(30)
class TranslationTest {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int BOTH = 3;
    private static final int MISS = 1;
    private static final int UPDATE = 2;
    private static final int INVALIDATE = 3;
    private static final int FAIL = 4;
    private static final long BUFFERS = 0x80000;
    private static final byte[] NOTHING = {};

    /** A session whose driver has accepted ACCESS_PLATFORM, and the channel on which it is asked. */
    private static final class Translated implements AutoCloseable {
        final SessionUnderTest session = new SessionUnderTest(FakeFunction.translated(2));
        final RawFrontEnd front = session.front;
        final FakeFunction function = session.function;
        final UnixSocket.Pair channel = UnixSocket.pair();

        Translated() {
            front.negotiate();
            front.setFeatures(ProtocolFeature.NEGOTIATION | 1L << RingFeature.ACCESS_PLATFORM);
            assertThat(front.acked(
                            Request.SET_MEM_TABLE, RawFrontEnd.table(0x9000_0000L, MEMORY, USER, 0), front.memory.fd()))
                    .isZero();
            assertThat(front.acked(
                            Request.SET_BACKEND_REQ_FD, NOTHING, channel.right().fd()))
                    .isZero();
        }

        /** A ring whose parts are at I/O virtual addresses. */
        void ring(int index) {
            long at = GUEST + index * 0x10000L;
            assertThat(front.acked(Request.SET_VRING_NUM, RawFrontEnd.state(index, RawFrontEnd.SIZE)))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_BASE, RawFrontEnd.state(index, 0)))
                    .isZero();
            assertThat(front.acked(
                            Request.SET_VRING_ADDR,
                            RawFrontEnd.addresses(index, at, at + RawFrontEnd.USED, at + RawFrontEnd.AVAIL)))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_ERR, RawFrontEnd.u64(index), front.error.fd()))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_KICK, RawFrontEnd.u64(index), front.kick.fd()))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_ENABLE, RawFrontEnd.state(index, 1)))
                    .isZero();
            assertThat(front.acked(Request.SET_STATUS, RawFrontEnd.u64(RawFrontEnd.DRIVER_OK)))
                    .isZero();
        }

        long tell(int type, long iova, long size, long user, int access) {
            byte[] payload = ByteBuffer.allocate(32)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(iova)
                    .putLong(size)
                    .putLong(user)
                    .put((byte) access)
                    .put((byte) type)
                    .array();
            return front.ask(Request.IOTLB_MSG, payload).getLong();
        }

        /** All of the guest's memory up to the buffers: the rings. */
        void translateRings() {
            assertThat(tell(UPDATE, GUEST, BUFFERS, USER, BOTH)).isZero();
        }

        long translateBuffers(int access) {
            return tell(UPDATE, GUEST + BUFFERS, 0x10000, USER + BUFFERS, access);
        }

        /** The next message on the back-end channel, as {@code type address access}. */
        String heard() {
            try (Arena arena = Arena.ofConfined();
                    FdBundle none = new FdBundle()) {
                MemorySegment all = arena.allocate(44, 8);
                assertThat(channel.left().receiveFully(all, none, Duration.ofSeconds(5)))
                        .isTrue();
                assertThat(all.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
                assertThat(all.get(ValueLayout.JAVA_INT, 4)).isEqualTo(1);
                assertThat(all.get(ValueLayout.JAVA_INT, 8)).isEqualTo(32);
                return "%d %x %d"
                        .formatted(
                                all.get(ValueLayout.JAVA_BYTE, 12 + 25),
                                all.get(ValueLayout.JAVA_LONG_UNALIGNED, 12),
                                all.get(ValueLayout.JAVA_BYTE, 12 + 24));
            }
        }

        String message(int type, long address, int access) {
            return "%d %x %d".formatted(type, address, access);
        }

        @Override
        public void close() {
            channel.close();
            session.close();
        }
    }

    @Test
    @Conforms("BF-027")
    void onlyADeviceThatIsToldSoOffersItAndAsksOnItsOwnChannel() throws Exception {
        try (SessionUnderTest plain = SessionUnderTest.net()) {
            assertThat(plain.front.ask(Request.GET_FEATURES, NOTHING).getLong() & 1L << RingFeature.ACCESS_PLATFORM)
                    .isZero();
        }
        FakeFunction net = FakeFunction.net(1);
        net.device().offerAccessPlatform();
        try (SessionUnderTest told = new SessionUnderTest(net)) {
            assertThat(told.front.ask(Request.GET_FEATURES, NOTHING).getLong() & 1L << RingFeature.ACCESS_PLATFORM)
                    .isNotZero();
            assertThat(told.front.ask(Request.GET_PROTOCOL_FEATURES, NOTHING).getLong() & ProtocolFeature.BACKEND_REQ)
                    .isNotZero();
        }
    }

    @Test
    void aRingAsksForItsPartsOneAfterTheOtherAndStartsWithTheLast() {
        try (Translated it = new Translated()) {
            it.ring(0);
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST, READ));
            assertThat(it.tell(UPDATE, GUEST, 0x1000, USER, BOTH)).isZero();
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST + RawFrontEnd.AVAIL, READ));
            assertThat(it.tell(UPDATE, GUEST + RawFrontEnd.AVAIL, 0x1000, USER + RawFrontEnd.AVAIL, BOTH))
                    .isZero();
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST + RawFrontEnd.USED, WRITE));
            assertThat(it.function.isAttached(0)).isFalse();
            assertThat(it.tell(UPDATE, GUEST + RawFrontEnd.USED, 0x1000, USER + RawFrontEnd.USED, BOTH))
                    .isZero();
            assertThat(it.function.isAttached(0)).isTrue();
        }
    }

    @Test
    void aMissLeavesTheQueueAsItWasUntilTheAnswerComes() {
        try (Translated it = new Translated()) {
            it.translateRings();
            it.ring(0);
            it.front.expose(0, 5);
            assertThat(it.function.serve(0)).isEmpty();
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST + BUFFERS + 5 * 512, READ));
            assertThat(it.function.serve(0)).as("parked").isEmpty();
            assertThat(it.translateBuffers(READ)).isZero();
            assertThat(it.function.serve(0)).containsExactly(5);
            assertThat(it.session.counters.brokenQueues()).isZero();
            assertThat(it.function.quiesced()).as("nothing was taken away").isZero();
        }
    }

    @Test
    void aWriteThroughAReadOnlyEntryIsReportedAndBreaksTheQueue() {
        try (Translated it = new Translated()) {
            it.translateRings();
            it.ring(0);
            assertThat(it.translateBuffers(READ)).isZero();
            it.front.expose(0, 3);
            it.front.mapping.segment().set(Le.LONG, 16L * 3 + 8, 512 | 2L << 32);
            it.function.serve(0);
            assertThat(it.heard()).isEqualTo(it.message(FAIL, GUEST + BUFFERS + 3 * 512, WRITE));
            assertThat(eventually(() -> it.session.counters.brokenQueues() == 1))
                    .isTrue();
            assertThat(eventually(() -> it.front.error.drain() > 0)).isTrue();
        }
    }

    @Test
    void line61AMissThatIsNeverAnsweredBreaksItsQueueAndNoOther() {
        try (Translated it = new Translated()) {
            it.translateRings();
            it.ring(0);
            it.ring(1);
            it.front.expose(0, 1);
            it.function.serve(0);
            assertThat(eventually(() -> it.session.counters.brokenQueues() == 1))
                    .isTrue();
            assertThat(eventually(() -> it.front.error.drain() > 0)).isTrue();
            assertThat(it.function.isAttached(0)).isFalse();
            assertThat(it.translateBuffers(BOTH)).isZero();
            it.front.expose(1, 2);
            assertThat(it.function.serve(1)).containsExactly(2);
        }
    }

    @Test
    void withoutAChannelAMissWaitsForOneAndNoLongerThanForAnAnswer() {
        try (Translated it = new Translated()) {
            it.channel.left().fd().close();
            it.channel.right().fd().close();
            it.ring(0);
            assertThat(eventually(() -> it.session.counters.brokenQueues() == 1))
                    .isTrue();
            it.front.sync();
        }
    }

    @Test
    void aRingWhoseTranslationEndsStopsWhereItWasAndGoesOnElsewhere() {
        try (Translated it = new Translated()) {
            it.translateRings();
            assertThat(it.translateBuffers(BOTH)).isZero();
            it.ring(0);
            it.front.expose(0, 1);
            assertThat(it.function.serve(0)).containsExactly(1);
            assertThat(it.tell(INVALIDATE, GUEST + RawFrontEnd.USED, 0x1000, 0, 0))
                    .isZero();
            assertThat(it.function.isAttached(0)).isFalse();
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST + RawFrontEnd.USED, WRITE));
            it.front.expose(0, 2);
            assertThat(it.tell(UPDATE, GUEST + RawFrontEnd.USED, 0x1000, USER + RawFrontEnd.USED, BOTH))
                    .isZero();
            assertThat(it.function.serve(0)).containsExactly(2);
            assertThat(it.front.usedIndex(0)).isEqualTo(2);
        }
    }

    @Test
    void anInvalidationLetsNothingBeUnderWayAndIsAskedForAgain() {
        try (Translated it = new Translated()) {
            it.translateRings();
            assertThat(it.translateBuffers(BOTH)).isZero();
            it.ring(0);
            assertThat(it.tell(INVALIDATE, 0, 0x1000, 0, 0))
                    .as("nothing of it is known")
                    .isZero();
            assertThat(it.function.quiesced()).isZero();
            assertThat(it.tell(INVALIDATE, GUEST + BUFFERS, MEMORY, 0, 0)).isZero();
            assertThat(it.function.quiesced()).isEqualTo(1);
            it.front.expose(0, 4);
            assertThat(it.function.serve(0)).isEmpty();
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST + BUFFERS + 4 * 512, READ));
        }
    }

    @Test
    void line61TranslationsOutOfTheTableOrOutOfTheWorldAreRefusedAndAnswered() throws Exception {
        long before = OpenDescriptors.count();
        try (Translated it = new Translated()) {
            it.translateRings();
            it.ring(0);
            assertThat(it.tell(UPDATE, GUEST, 0x1000, USER + MEMORY, BOTH)).isNotZero();
            assertThat(it.tell(UPDATE, GUEST, 0x1001, USER + MEMORY - 0x1000, BOTH))
                    .isNotZero();
            assertThat(it.tell(UPDATE, GUEST, -1, USER, BOTH)).isNotZero();
            assertThat(it.tell(UPDATE, GUEST, Long.MIN_VALUE, USER, BOTH)).isNotZero();
            assertThat(it.tell(UPDATE, GUEST, 0, USER, BOTH)).isNotZero();
            assertThat(it.tell(UPDATE, -0x1000, 0x2000, USER, BOTH)).isNotZero();
            assertThat(it.tell(UPDATE, GUEST, 0x1000, USER, 0)).isNotZero();
            assertThat(it.tell(UPDATE, GUEST, 0x1000, USER, 255)).isNotZero();
            assertThat(it.tell(MISS, GUEST, 0x1000, USER, BOTH)).isNotZero();
            assertThat(it.tell(FAIL, GUEST, 0x1000, USER, BOTH)).isNotZero();
            assertThat(it.tell(99, GUEST, 0x1000, USER, BOTH)).isNotZero();
            assertThat(it.translateBuffers(BOTH)).isZero();
            it.front.expose(0, 1);
            assertThat(it.function.serve(0)).containsExactly(1);
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void line61ManyEntriesForgetTheOldestAndTheRingIsAskedForAgain() {
        try (Translated it = new Translated()) {
            it.translateRings();
            it.ring(0);
            for (long i = 0; i < 3000; i++) {
                assertThat(it.tell(UPDATE, 0x8000_0000L + 0x2000 * i, 0x1000, USER, BOTH))
                        .isZero();
            }
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST, READ));
            it.translateRings();
            assertThat(it.translateBuffers(BOTH)).isZero();
            it.front.expose(0, 1);
            assertThat(it.function.serve(0)).containsExactly(1);
        }
    }

    @Test
    void aRegionThatIsRemovedTakesItsTranslationsAlong() {
        try (Translated it = new Translated()) {
            it.translateRings();
            it.ring(0);
            assertThat(it.front.acked(Request.REM_MEM_REG, RawFrontEnd.region(0x9000_0000L, MEMORY, USER, 0)))
                    .isZero();
            assertThat(it.function.isAttached(0)).isFalse();
            assertThat(it.heard()).isEqualTo(it.message(MISS, GUEST, READ));
            assertThat(it.tell(UPDATE, GUEST, 0x1000, USER, BOTH)).isNotZero();
        }
    }

    @Test
    @Conforms("BF-028")
    void aDriverThatDoesNotAcceptItIsServedWithoutAndMayNotTranslate() {
        FakeFunction function = FakeFunction.translated(1);
        try (SessionUnderTest session = new SessionUnderTest(function)) {
            session.front.setUp();
            byte[] update = ByteBuffer.allocate(32)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(GUEST)
                    .putLong(0x1000)
                    .putLong(USER)
                    .put((byte) BOTH)
                    .put((byte) UPDATE)
                    .array();
            assertThat(session.front.ask(Request.IOTLB_MSG, update).getLong()).isNotZero();
            session.front.expose(0, 7);
            assertThat(function.serve(0)).containsExactly(7);
        }
    }
}
