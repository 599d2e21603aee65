package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.REFUSED;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.USER;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.addresses;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.state;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.u64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.OpenFlag;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lines 47..50 and 59 of the hostile inputs, and what rings do when all is well. */
@Timeout(60)
class HostileRingsTest {
    @TempDir
    Path folder;

    @Test
    void aRingThatIsSetUpRunsAndStopsWhereItWas() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.expose(0, 5);
            front.expose(0, 9);
            assertThat(session.function.serve(0)).containsExactly(5, 9);
            assertThat(front.usedIndex(0)).isEqualTo(2);
            assertThat(front.call.drain()).isPositive();
            assertThat(front.baseOf(0)).isEqualTo(2);
            assertThat(session.function.isAttached(0)).isFalse();
        }
    }

    @Test
    void withoutProtocolFeaturesRingsAreEnabledAtOnce() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.send(Request.SET_FEATURES, u64(1L << 32));
            front.send(
                    Request.SET_MEM_TABLE,
                    RawFrontEnd.table(RawFrontEnd.GUEST, RawFrontEnd.MEMORY, USER, 0),
                    front.memory.fd());
            front.send(Request.SET_VRING_NUM, state(0, 64));
            front.send(Request.SET_VRING_ADDR, addresses(0));
            front.send(Request.SET_VRING_KICK, u64(0), front.kick.fd());
            front.ask(Request.GET_QUEUE_NUM, new byte[0]);
            assertThat(session.function.isEnabled(0)).isTrue();
        }
    }

    @Test
    void enableBeforeSetUpIsRememberedAndDisableStopsProcessing() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            assertThat(front.acked(Request.SET_VRING_ENABLE, state(0, 1))).isZero();
            front.acked(Request.SET_STATUS, u64(RawFrontEnd.DRIVER_OK));
            front.shareMemory();
            front.acked(Request.SET_VRING_NUM, state(0, 64));
            front.acked(Request.SET_VRING_ADDR, addresses(0));
            front.acked(Request.SET_VRING_KICK, u64(0), front.kick.fd());
            assertThat(session.function.isEnabled(0)).isTrue();
            assertThat(front.acked(Request.SET_VRING_ENABLE, state(0, 0))).isZero();
            front.expose(0, 1);
            assertThat(session.function.serve(0)).isEmpty();
            assertThat(front.acked(Request.SET_VRING_ENABLE, state(0, 1))).isZero();
            assertThat(session.function.serve(0)).containsExactly(1);
        }
    }

    @Test
    @Conforms("BF-001")
    void nothingIsConsumedBeforeTheDriverSaysThatItIsReady() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.shareMemory();
            assertThat(front.acked(Request.SET_STATUS, u64(RawFrontEnd.FEATURES_OK)))
                    .isZero();
            front.setUpRing(0);
            front.call.drain();
            front.expose(0, 1);
            assertThat(session.function.isEnabled(0)).isFalse();
            assertThat(session.function.serve(0)).isEmpty();
            assertThat(front.usedIndex(0)).isZero();
            assertThat(front.call.drain()).isZero();
            assertThat(front.acked(Request.SET_STATUS, u64(RawFrontEnd.DRIVER_OK)))
                    .isZero();
            assertThat(session.function.serve(0)).containsExactly(1);
            // a front-end that does not tell us the status says it by enabling the ring
            assertThat(front.acked(Request.RESET_DEVICE, new byte[0])).isZero();
            assertThat(front.acked(
                            Request.SET_PROTOCOL_FEATURES,
                            u64(ProtocolFeature.REPLY_ACK | ProtocolFeature.RESET_DEVICE)))
                    .isZero();
            front.setFeatures(ProtocolFeature.NEGOTIATION);
            front.setUpRing(0);
            assertThat(session.function.isEnabled(0)).isTrue();
        }
    }

    /** QEMU's generic device agrees on telling the status, and tells no more of it than that features were accepted. */
    @Test
    void aFrontEndThatDoesNotTellTheDriversStatusIsServed() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.negotiate();
            assertThat(session.front.acked(Request.SET_STATUS, u64(DeviceStatus.FEATURES_OK)))
                    .isZero();
            session.front.shareMemory();
            session.front.setUpRing(0);
            assertThat(session.function.isEnabled(0)).isTrue();
        }
    }

    /** DPDK's virtio-user says base 0 to a back-end that reconnects. */
    @Test
    void aRingWithAPastGoesOnAtItsUsedIndexWhateverTheBase() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.shareMemory();
            for (int i = 0; i < 40; i++) {
                front.expose(0, i % 8);
            }
            front.usedIndex(0, 40);
            front.startRing(0);
            front.expose(0, 3);
            assertThat(session.function.serve(0)).containsExactly(3);
            assertThat(front.usedIndex(0)).isEqualTo(41);
            assertThat(front.baseOf(0)).isEqualTo(41);
        }
    }

    @Test
    void line47AVringIndexBeyondTheLastIsRefusedOnEveryMessage() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            for (int index : new int[] {2, 0x100, 0x10000, -1, Integer.MIN_VALUE}) {
                assertThat(front.acked(Request.SET_VRING_NUM, state(index, 64))).isEqualTo(REFUSED);
                assertThat(front.acked(Request.SET_VRING_BASE, state(index, 0))).isEqualTo(REFUSED);
                assertThat(front.acked(Request.SET_VRING_ENABLE, state(index, 1)))
                        .isEqualTo(REFUSED);
                assertThat(front.acked(Request.SET_VRING_ADDR, addresses(index, USER, USER, USER)))
                        .isEqualTo(REFUSED);
            }
            for (int request : new int[] {Request.SET_VRING_KICK, Request.SET_VRING_CALL, Request.SET_VRING_ERR}) {
                for (long value : new long[] {2, 0xff, 0x200, 0x1_0000_0000L}) {
                    assertThat(front.acked(request, u64(value), front.kick.fd()))
                            .isEqualTo(REFUSED);
                }
            }
            front.send(Request.GET_VRING_BASE, state(256, 0));
            assertThat(session.end().failed()).isTrue();
        }
    }

    @Test
    void line48VringNumRepeatedOrImpossibleIsRefusedAndLeaksNothing() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.shareMemory();
            long before = OpenDescriptors.count();
            for (int size : new int[] {0, 3, 1000, 65535, 65536, -1}) {
                assertThat(front.acked(Request.SET_VRING_NUM, state(0, size))).isEqualTo(REFUSED);
            }
            for (int i = 0; i < 1000; i++) {
                assertThat(front.acked(Request.SET_VRING_NUM, state(0, 1 << i % 16)))
                        .isZero();
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            front.startRing(0);
            assertThat(session.function.isAttached(0)).isTrue();
        }
    }

    @Test
    void line49VringAddressesThatAreNotInOneRegionDoNotStartTheRing() throws Exception {
        long end = USER + RawFrontEnd.MEMORY;
        long[][] unmapped = {
            {0, USER + 0x8000, USER + 0x4000},
            {RawFrontEnd.GUEST, USER + 0x8000, USER + 0x4000},
            {USER, end, USER + 0x4000},
            {USER, USER + 0x8000, end - 4},
            {end - 16, USER + 0x8000, USER + 0x4000},
            {-16, -4, -2},
        };
        for (long[] parts : unmapped) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                RawFrontEnd front = session.front;
                front.setUp();
                front.baseOf(0);
                front.error.drain();
                assertThat(front.acked(Request.SET_VRING_ADDR, addresses(0, parts[0], parts[1], parts[2])))
                        .isZero();
                front.acked(Request.SET_VRING_KICK, u64(0), front.kick.fd());
                assertThat(session.function.isAttached(0)).isFalse();
                assertThat(front.error.drain()).isPositive();
            }
        }
    }

    @Test
    void line49MisalignedVringAddressesAreRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.negotiate();
            session.front.shareMemory();
            long[][] misaligned = {
                {USER + 8, USER + 0x8000, USER + 0x4000},
                {USER, USER + 0x8002, USER + 0x4000},
                {USER, USER + 0x8000, USER + 0x4001},
            };
            for (long[] parts : misaligned) {
                assertThat(session.front.acked(Request.SET_VRING_ADDR, addresses(0, parts[0], parts[1], parts[2])))
                        .isEqualTo(REFUSED);
            }
        }
    }

    @Test
    void line49VringAddressesBeforeTheMemoryTableWaitForIt() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.negotiate();
            session.front.startRing(0);
            assertThat(session.function.isAttached(0)).isFalse();
            session.front.shareMemory();
            assertThat(session.function.isAttached(0)).isTrue();
        }
    }

    @Test
    void line50NumBaseAndNewAddressesAreRefusedWhileTheRingRuns() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.expose(0, 1);
            assertThat(session.function.serve(0)).containsExactly(1);
            assertThat(front.acked(Request.SET_VRING_NUM, state(0, 128))).isEqualTo(REFUSED);
            assertThat(front.acked(Request.SET_VRING_BASE, state(0, 7))).isEqualTo(REFUSED);
            assertThat(front.acked(Request.SET_VRING_ADDR, addresses(1))).isZero();
            assertThat(front.acked(Request.SET_VRING_ADDR, addresses(0))).isZero();
            assertThat(front.acked(Request.SET_VRING_ADDR, addresses(0, USER + 64, USER + 0x8000, USER + 0x4000)))
                    .isEqualTo(REFUSED);
            front.expose(0, 2);
            assertThat(session.function.serve(0)).containsExactly(2);
        }
    }

    @Test
    void line50GetVringBaseTwiceOrOnAStoppedRingAnswersTheSame() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.expose(0, 1);
            session.function.serve(0);
            assertThat(front.baseOf(0)).isEqualTo(1);
            assertThat(front.baseOf(0)).isEqualTo(1);
            assertThat(front.baseOf(1)).isZero();
            assertThat(front.acked(Request.SET_VRING_BASE, state(1, 77))).isZero();
            assertThat(front.baseOf(1)).isEqualTo(77);
            assertThat(front.acked(Request.SET_VRING_BASE, state(1, 65536))).isEqualTo(REFUSED);
        }
    }

    @Test
    void line59AKickThatIsARegularFileOrAbsentMeansPolling() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Fd file = Fd.open(folder.resolve("f"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            RawFrontEnd front = session.front;
            front.setUp();
            assertThat(session.function.kickOf(0)).isNotEqualTo(CardFunction.POLLED);
            assertThat(front.acked(Request.SET_VRING_KICK, u64(0), file)).isZero();
            assertThat(session.function.kickOf(0)).isEqualTo(CardFunction.POLLED);
            front.acked(Request.SET_VRING_KICK, u64(0), front.kick.fd());
            assertThat(front.acked(Request.SET_VRING_KICK, u64(MessageLayout.FILE_NONE)))
                    .isZero();
            assertThat(session.function.kickOf(0)).isEqualTo(CardFunction.POLLED);
            front.expose(0, 1);
            assertThat(session.function.serve(0)).containsExactly(1);
        }
    }

    @Test
    void line59ACallThatIsNoEventfdIsRefusedAndOneThatIsAbsentIsSilence() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            assertThat(front.acked(Request.SET_VRING_CALL, u64(0), front.memory.fd()))
                    .isEqualTo(REFUSED);
            front.call.drain();
            assertThat(front.acked(Request.SET_VRING_CALL, u64(MessageLayout.FILE_NONE)))
                    .isZero();
            front.expose(0, 1);
            session.function.serve(0);
            assertThat(front.usedIndex(0)).isEqualTo(1);
            assertThat(front.call.drain()).isZero();
        }
    }

    @Test
    void aNewCallDescriptorTakesEffectUnderTheRunningRing() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            assertThat(front.acked(Request.SET_VRING_CALL, u64(0), front.error.fd()))
                    .isZero();
            front.call.drain();
            front.error.drain();
            front.expose(0, 1);
            session.function.serve(0);
            assertThat(front.error.drain()).isEqualTo(1);
            assertThat(front.call.drain()).isZero();
        }
    }

    @Test
    @Conforms("BF-002")
    void aBrokenQueueStopsSignalsItsErrorAndLeavesTheOtherRunning() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.startRing(1);
            front.error.drain();
            front.expose(0, 1);
            front.expose(0, 1);
            session.function.hold(0);
            assertThat(RawFrontEnd.eventually(() -> !session.function.isAttached(0)))
                    .isTrue();
            assertThat(RawFrontEnd.eventually(() -> front.error.drain() > 0)).isTrue();
            assertThat(front.ask(Request.GET_STATUS, new byte[0]).getLong() & 64)
                    .isNotZero();
            assertThat(session.counters.brokenQueues()).isEqualTo(1);
            front.expose(1, 2);
            assertThat(session.function.serve(1)).containsExactly(2);
        }
    }

    @Test
    @Conforms({"BF-002", "BF-003"})
    void whatOnlyAResetMendsIsToldByAConfigurationChange() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                UnixSocket.Pair channel = UnixSocket.pair();
                FdBundle none = new FdBundle()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.startRing(1);
            assertThat(front.acked(
                            Request.SET_BACKEND_REQ_FD,
                            new byte[0],
                            channel.right().fd()))
                    .isZero();
            for (int queue = 0; queue < 2; queue++) {
                front.expose(queue, 1);
                front.expose(queue, 1);
                session.function.hold(queue);
            }
            MemorySegment message = Arena.ofAuto().allocate(12, 4);
            assertThat(channel.left().receiveFully(message, none, Duration.ofSeconds(5)))
                    .isTrue();
            assertThat(message.toArray(ValueLayout.JAVA_INT)).containsExactly(2, 1, 0);
            assertThat(RawFrontEnd.eventually(() -> session.counters.brokenQueues() == 2))
                    .isTrue();
            assertThat(front.ask(Request.GET_STATUS, new byte[0]).getLong())
                    .isEqualTo(RawFrontEnd.DRIVER_OK | DeviceStatus.NEEDS_RESET);
            session.front.socket().shutdown();
            session.end();
            assertThat(channel.left().receiveFully(message, none, Duration.ofSeconds(5)))
                    .as("a second one")
                    .isFalse();
        }
    }

    @Test
    @Conforms({"BF-009", "BF-010"})
    void resetDeviceStopsEverythingAndTheSameSessionStartsAgain() throws Exception {
        for (int how : new int[] {Request.RESET_DEVICE, Request.SET_STATUS}) {
            try (SessionUnderTest session = SessionUnderTest.blk()) {
                RawFrontEnd front = session.front;
                front.setUp();
                assertThat(front.acked(Request.SET_STATUS, u64(15))).isZero();
                assertThat(front.acked(how, u64(0))).isZero();
                assertThat(session.function.isAttached(0)).isFalse();
                assertThat(front.ask(Request.GET_STATUS, new byte[0]).getLong()).isZero();
                front.call.drain();
                front.expose(0, 3);
                assertThat(session.function.serve(0)).isEmpty();
                assertThat(front.usedIndex(0)).isZero();
                assertThat(front.call.drain()).isZero();
                front.setFeatures(ProtocolFeature.NEGOTIATION);
                front.startRing(0);
                front.expose(0, 4);
                assertThat(session.function.serve(0)).containsExactly(3, 4);
            }
        }
    }
}
