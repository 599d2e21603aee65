package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.state;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.u64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import org.junit.jupiter.api.Test;

/** A front-end that resets one ring, and one that suspends the whole device. */
class DeviceLifeTest {
    private static final int SUSPENDED = RawFrontEnd.FEATURES_OK | DeviceStatus.SUSPEND;

    private static void set(SessionUnderTest session, int... features) {
        long bits = ProtocolFeature.NEGOTIATION;
        for (int feature : features) {
            bits |= 1L << feature;
        }
        session.front.negotiate();
        session.front.setFeatures(bits);
        session.front.shareMemory();
        session.front.startRing(0);
    }

    private static void finish(SessionUnderTest session, int chains, int usedIndex) {
        for (int i = 0; i < chains; i++) {
            session.front.expose(0, i);
        }
        assertThat(session.function.serve(0)).hasSize(chains);
        assertThat(session.front.usedIndex(0)).isEqualTo(usedIndex);
    }

    @Test
    @Conforms({"BF-012", "BF-013", "BF-014"})
    void aRingThatWasResetBeginsWithWhatItsFrontEndSays() {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            set(session, RingFeature.RING_RESET);
            finish(session, 3, 3);
            assertThat(session.front.baseOf(0)).isEqualTo(3);
            assertThat(session.function.isAttached(0)).as("somebody touches it").isFalse();
            // another size, and a ring whose driver has not wiped what the past left in it
            session.front.mapping.segment().asSlice(RawFrontEnd.AVAIL, 0x4000).fill((byte) 0);
            session.front.usedIndex(0, 0x1234);
            assertThat(session.front.acked(Request.SET_VRING_NUM, state(0, RawFrontEnd.SIZE / 2)))
                    .isZero();
            assertThat(session.front.acked(Request.SET_VRING_BASE, state(0, 0))).isZero();
            assertThat(session.front.acked(Request.SET_VRING_KICK, u64(0), session.front.kick.fd()))
                    .isZero();
            assertThat(session.function.sizeOf(0)).isEqualTo(RawFrontEnd.SIZE / 2);
            finish(session, 2, 2);
            assertThat(session.front.baseOf(0)).isEqualTo(2);
        }
    }

    /** DPDK names base 0 whenever it connects, so without the feature the ring's own word counts. */
    @Test
    void withoutTheFeatureAStoppedRingGoesOnWhereItIs() {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            set(session);
            finish(session, 3, 3);
            assertThat(session.front.baseOf(0)).isEqualTo(3);
            assertThat(session.front.acked(Request.SET_VRING_BASE, state(0, 0))).isZero();
            assertThat(session.front.acked(Request.SET_VRING_KICK, u64(0), session.front.kick.fd()))
                    .isZero();
            assertThat(session.front.baseOf(0)).isEqualTo(3);
        }
    }

    @Test
    @Conforms({"BF-017", "BF-020", "BF-021", "BF-022", "BF-023", "BF-024"})
    void asLongAsTheDeviceIsSuspendedNoRingIsServed() {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            set(session, RingFeature.SUSPEND);
            finish(session, 1, 1);
            assertThat(session.function.isEnabled(0)).isTrue();
            assertThat(session.front.acked(Request.SET_STATUS, u64(RawFrontEnd.DRIVER_OK | DeviceStatus.SUSPEND)))
                    .isZero();
            // a function's enable(false) returns once all is answered and told
            assertThat(session.function.isEnabled(0)).isFalse();
            assertThat(session.front.ask(Request.GET_STATUS, new byte[0]).getLong())
                    .isEqualTo(SUSPENDED);
            assertThat(session.front.acked(Request.SET_STATUS, u64(SUSPENDED | DeviceStatus.DRIVER_OK)))
                    .isZero();
            assertThat(session.front.ask(Request.GET_STATUS, new byte[0]).getLong())
                    .isEqualTo(RawFrontEnd.DRIVER_OK);
            assertThat(session.function.isEnabled(0)).isTrue();
            finish(session, 1, 2);
        }
    }

    @Test
    void whatAKickCannotSayIsNotOffered() {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            long offered = session.front.ask(Request.GET_FEATURES, new byte[0]).getLong();
            assertThat(offered & (1L << RingFeature.NOTIFICATION_DATA | 1L << RingFeature.NOTIF_CONFIG_DATA))
                    .isZero();
            assertThat(session.function.device().offered().has(RingFeature.NOTIFICATION_DATA))
                    .isTrue();
        }
    }

    /** Nobody would tell the device of it. */
    @Test
    void theResetOfANetworksQueueIsNeitherOfferedNorAccepted() {
        try (SessionUnderTest session = SessionUnderTest.net()) {
            session.front.negotiate();
            long reset = 1L << RingFeature.RING_RESET;
            long offered = session.front.ask(Request.GET_FEATURES, new byte[0]).getLong();
            assertThat(offered & reset).isZero();
            assertThat(session.function.device().offered().has(RingFeature.RING_RESET))
                    .isTrue();
            assertThat(session.front.acked(Request.SET_FEATURES, u64(offered | reset)))
                    .isNotZero();
        }
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            long offered = session.front.ask(Request.GET_FEATURES, new byte[0]).getLong();
            assertThat(offered & 1L << RingFeature.RING_RESET).isNotZero();
        }
    }
}
