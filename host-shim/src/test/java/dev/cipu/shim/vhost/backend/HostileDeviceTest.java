package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.REFUSED;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.config;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.u64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetFeature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lines 57 and 58 of the hostile inputs, and what else concerns the device as a whole. */
@Timeout(60)
class HostileDeviceTest {
    private static final byte[] NOTHING = {};

    @Test
    void line57AnImpossibleConfigRangeGetsAnEmptyAnswer() throws Exception {
        int[][] ranges = {
            {0, 0}, {0, 257}, {1, 256}, {BlkConfig.BYTES, 4}, {-1, 4}, {0, -1}, {Integer.MAX_VALUE, 8}, {8, 0x7fffffff}
        };
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            for (int[] range : ranges) {
                assertThat(session.front
                                .ask(Request.GET_CONFIG, config(range[0], range[1], 256))
                                .remaining())
                        .isZero();
            }
        }
    }

    @Test
    void line57ConfigIsReadInAnyLengthThatFrontEndsAskFor() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            for (int size : new int[] {8, 60, 96, 256}) {
                ByteBuffer answer = session.front.ask(Request.GET_CONFIG, config(0, size, size));
                assertThat(answer.remaining()).isEqualTo(12 + size);
                assertThat(answer.getInt(4)).isEqualTo(size);
                assertThat(answer.getLong(12)).isEqualTo(2048);
            }
        }
    }

    @Test
    void line57AWriteToAReadOnlyFieldIsRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.setFeatures(ProtocolFeature.NEGOTIATION | 1L << BlkFeature.FLUSH | 1L << BlkFeature.CONFIG_WCE);
            assertThat(front.acked(Request.SET_CONFIG, config(0, 8, 8))).isEqualTo(REFUSED);
            assertThat(front.acked(Request.SET_CONFIG, config(BlkConfig.WRITEBACK, 2, 2)))
                    .isEqualTo(REFUSED);
            assertThat(front.acked(Request.SET_CONFIG, config(BlkConfig.WRITEBACK, 8, 1)))
                    .isEqualTo(REFUSED);
            assertThat(front.acked(Request.SET_CONFIG, config(BlkConfig.WRITEBACK, 0, 0)))
                    .isEqualTo(REFUSED);
            assertThat(front.acked(Request.SET_CONFIG, config(-1, 1, 1))).isEqualTo(REFUSED);
            assertThat(front.ask(Request.GET_CONFIG, config(BlkConfig.WRITEBACK, 1, 1))
                            .get(12))
                    .isEqualTo((byte) 1);
            assertThat(front.acked(Request.SET_CONFIG, config(BlkConfig.WRITEBACK, 1, 1)))
                    .isZero();
            assertThat(front.ask(Request.GET_CONFIG, config(BlkConfig.WRITEBACK, 1, 1))
                            .get(12))
                    .isZero();
        }
    }

    @Test
    void aChoiceToWriteThroughIsNotLostWhenTheFrontEndRepeatsOnlyTheFeatures() throws Exception {
        FakeFunction disk = FakeFunction.blk(1);
        long both = ProtocolFeature.NEGOTIATION | 1L << BlkFeature.FLUSH | 1L << BlkFeature.CONFIG_WCE;
        byte[] read = config(BlkConfig.WRITEBACK, 1, 1);
        try (SessionUnderTest session = new SessionUnderTest(disk)) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.setFeatures(both);
            assertThat(front.ask(Request.GET_CONFIG, read).get(12)).isEqualTo((byte) 1);
            assertThat(front.acked(Request.SET_CONFIG, config(BlkConfig.WRITEBACK, 1, 1)))
                    .isZero();
            front.setFeatures(both);
            assertThat(front.ask(Request.GET_CONFIG, read).get(12)).isZero();
            assertThat(front.acked(Request.RESET_DEVICE, NOTHING)).isZero();
            front.setFeatures(both);
            assertThat(front.ask(Request.GET_CONFIG, read).get(12)).isZero();
        }
        try (SessionUnderTest session = new SessionUnderTest(disk)) {
            session.front.negotiate();
            session.front.setFeatures(both);
            assertThat(session.front.ask(Request.GET_CONFIG, read).get(12)).isZero();
        }
    }

    @Test
    void line58FeaturesThatWereNotOfferedAreRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            long offered = front.ask(Request.GET_FEATURES, NOTHING).getLong();
            long protocol = front.ask(Request.GET_PROTOCOL_FEATURES, NOTHING).getLong();
            for (int bit = 0; bit < 64; bit++) {
                if ((offered >>> bit & 1) == 0) {
                    assertThat(front.acked(Request.SET_FEATURES, u64(1L << 32 | 1L << bit)))
                            .isEqualTo(REFUSED);
                }
                if ((protocol >>> bit & 1) == 0) {
                    assertThat(front.acked(Request.SET_PROTOCOL_FEATURES, u64(protocol | 1L << bit)))
                            .isEqualTo(REFUSED);
                }
            }
        }
    }

    @Test
    @Conforms("BF-006")
    void featuresThatAreRefusedLeaveTheStatusWithoutFeaturesOk() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            for (long word : new long[] {1L << 32 | 1L << NetFeature.STANDBY, ProtocolFeature.NEGOTIATION}) {
                assertThat(front.acked(Request.SET_FEATURES, u64(word))).isEqualTo(REFUSED);
                assertThat(front.acked(Request.SET_STATUS, u64(RawFrontEnd.FEATURES_OK)))
                        .isZero();
                assertThat(front.ask(Request.GET_STATUS, NOTHING).getLong()).isEqualTo(3);
            }
            front.setFeatures(ProtocolFeature.NEGOTIATION);
            front.acked(Request.SET_STATUS, u64(RawFrontEnd.FEATURES_OK));
            assertThat(front.ask(Request.GET_STATUS, NOTHING).getLong()).isEqualTo(RawFrontEnd.FEATURES_OK);
        }
    }

    @Test
    void theEndOfASessionTellsWhatItsLastDriverAccepted() throws Exception {
        SessionUnderTest session = SessionUnderTest.blk();
        try (session) {
            session.front.negotiate();
            session.front.setFeatures(ProtocolFeature.NEGOTIATION | 1L << BlkFeature.FLUSH);
            session.front.acked(Request.RESET_DEVICE, NOTHING);
        }
        assertThat(session.end().features()).isEqualTo(FeatureSet.of(RingFeature.VERSION_1, BlkFeature.FLUSH));
    }

    @Test
    void line58FeatureWordsComeInEitherOrder() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.send(Request.SET_FEATURES, u64(1L << 32 | ProtocolFeature.NEGOTIATION));
            front.send(Request.SET_PROTOCOL_FEATURES, u64(ProtocolFeature.REPLY_ACK));
            front.shareMemory();
            front.startRing(0);
            assertThat(session.function.isEnabled(0)).isTrue();
            assertThat(front.acked(Request.SET_FEATURES, u64(1L << 32 | ProtocolFeature.NEGOTIATION)))
                    .isZero();
            assertThat(front.acked(Request.SET_FEATURES, u64(1L << 32))).isEqualTo(REFUSED);
        }
    }

    @Test
    void eachDeviceTypeOffersWhatItImplements() throws Exception {
        long common = ProtocolFeature.MQ
                | ProtocolFeature.LOG_SHMFD
                | ProtocolFeature.REPLY_ACK
                | ProtocolFeature.RESET_DEVICE
                | ProtocolFeature.CONFIGURE_MEM_SLOTS
                | ProtocolFeature.STATUS;
        try (SessionUnderTest blk = SessionUnderTest.blk();
                SessionUnderTest net = SessionUnderTest.net()) {
            assertThat(blk.front.ask(Request.GET_PROTOCOL_FEATURES, NOTHING).getLong())
                    .isEqualTo(common
                            | ProtocolFeature.CONFIG
                            | ProtocolFeature.BACKEND_REQ
                            | ProtocolFeature.INFLIGHT_SHMFD);
            assertThat(net.front.ask(Request.GET_PROTOCOL_FEATURES, NOTHING).getLong())
                    .isEqualTo(common
                            | ProtocolFeature.CONFIG
                            | ProtocolFeature.BACKEND_REQ
                            | ProtocolFeature.NET_MTU
                            | ProtocolFeature.RARP);
            assertThat(blk.front.ask(Request.GET_QUEUE_NUM, NOTHING).getLong()).isEqualTo(2);
            assertThat(net.front.ask(Request.GET_QUEUE_NUM, NOTHING).getLong()).isEqualTo(2);
            assertThat(net.function.device().queueCount())
                    .as("two pairs and the control queue")
                    .isEqualTo(5);
        }
    }

    @Test
    void aNetworkDeviceTakesAnMtuAndAnnouncesAMac() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            assertThat(front.acked(Request.NET_SET_MTU, u64(1500))).isZero();
            assertThat(front.acked(Request.NET_SET_MTU, u64(1501))).isEqualTo(REFUSED);
            assertThat(front.acked(Request.NET_SET_MTU, u64(67))).isEqualTo(REFUSED);
            assertThat(front.acked(Request.SEND_RARP, u64(0x0605_0403_0202L))).isZero();
            assertThat(session.function.announced()).containsExactly("020203040506");
            front.send(Request.GET_INFLIGHT_FD, new byte[20]);
            assertThat(session.end().failed()).isTrue();
        }
    }

    @Test
    void aNewConfigurationIsReportedOnTheBackEndChannel() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                UnixSocket.Pair channel = UnixSocket.pair();
                Arena arena = Arena.ofConfined();
                FdBundle none = new FdBundle()) {
            session.front.negotiate();
            assertThat(session.front.acked(
                            Request.SET_BACKEND_REQ_FD, NOTHING, channel.right().fd()))
                    .isZero();
            session.function.transport().configChanged();
            MemorySegment message = arena.allocate(12, 4);
            assertThat(channel.left().receiveFully(message, none, Duration.ofSeconds(5)))
                    .isTrue();
            assertThat(message.toArray(ValueLayout.JAVA_INT)).containsExactly(2, 1, 0);
        }
    }

    @Test
    void aBackEndChannelThatIsNoSocketIsRefusedAndOneThatClosedIsForgotten() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                UnixSocket.Pair channel = UnixSocket.pair()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            assertThat(front.acked(Request.SET_BACKEND_REQ_FD, NOTHING, front.memory.fd()))
                    .isEqualTo(REFUSED);
            front.acked(Request.SET_BACKEND_REQ_FD, NOTHING, channel.right().fd());
            channel.left().fd().close();
            channel.right().fd().close();
            session.function.transport().configChanged();
            session.function.transport().configChanged();
            assertThat(front.ask(Request.GET_QUEUE_NUM, NOTHING).getLong()).isEqualTo(2);
        }
    }

    /** A front-end that knows nothing of networks shows the guest what it reads here. */
    @Test
    void aNetworkDevicesConfigurationIsReadWholeAndNeverWritten() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            ByteBuffer answer = front.ask(Request.GET_CONFIG, config(0, NetConfig.BYTES, NetConfig.BYTES));
            assertThat(answer.remaining()).isEqualTo(12 + NetConfig.BYTES);
            byte[] space = new byte[NetConfig.BYTES];
            session.function.device().readConfig(0, space);
            byte[] read = new byte[NetConfig.BYTES];
            answer.position(12).get(read);
            assertThat(read).isEqualTo(space);
            for (int at = 0; at < NetConfig.BYTES; at++) {
                assertThat(front.acked(Request.SET_CONFIG, config(at, 1, 1))).isEqualTo(REFUSED);
            }
        }
    }

    /** Rings behind the pairs: the control queue is one, and nothing comes after it. */
    @Test
    void theControlQueueIsTheLastRing() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.setFeatures(ProtocolFeature.NEGOTIATION | 1L << 32 | 1L << NetFeature.CTRL_VQ | 1L << NetFeature.MQ);
            front.shareMemory();
            front.startRing(4);
            assertThat(session.function.isEnabled(4)).isTrue();
            assertThat(front.acked(Request.SET_VRING_NUM, RawFrontEnd.state(5, 8)))
                    .isEqualTo(REFUSED);
        }
    }
}
