package dev.cipu.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.VirtioDevice.StatusRequest;
import dev.cipu.virtio.conformance.Conforms;
import org.junit.jupiter.api.Test;

class VirtioDeviceTest {
    private static final int WANTED = 7;
    private static final int DEPENDENT = 8;
    private static final int RUNNING =
            DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;

    /** Eight bytes of configuration, of which the driver may write bytes 2 and 3; feature 8 needs feature 7. */
    private static final class Sample extends VirtioDevice {
        private final byte[] config = {0, 1, 2, 3, 4, 5, 6, 7};
        private int changes;

        Sample(FeatureSet offered) {
            super(99, offered);
        }

        @Override
        public int queueCount() {
            return 1;
        }

        @Override
        public int configSize() {
            return config.length;
        }

        @Override
        protected byte configByte(int offset) {
            return config[offset];
        }

        @Override
        protected void configByte(int offset, byte value) {
            config[offset] = value;
        }

        @Override
        protected boolean configWritable(int offset) {
            return offset == 2 || offset == 3;
        }

        @Override
        protected boolean accepts(FeatureSet wanted) {
            return !wanted.has(DEPENDENT) || wanted.has(WANTED);
        }

        @Override
        protected void featuresChanged() {
            changes++;
        }
    }

    private final Sample device = new Sample(FeatureSet.of(RingFeature.VERSION_1, WANTED, DEPENDENT));

    @Test
    @Conforms("BF-025")
    void aDeviceOffersVersionOne() {
        assertThatThrownBy(() -> new Sample(FeatureSet.of(WANTED))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Conforms("BF-005")
    void everyAcceptableSubsetIsAccepted() {
        assertThat(device.negotiated()).isEqualTo(FeatureSet.NONE);
        for (FeatureSet wanted : new FeatureSet[] {
            FeatureSet.NONE,
            FeatureSet.of(RingFeature.VERSION_1),
            FeatureSet.of(RingFeature.VERSION_1, WANTED),
            device.offered()
        }) {
            assertThat(device.negotiate(wanted)).isTrue();
            assertThat(device.negotiated()).isEqualTo(wanted);
        }
        assertThat(device.isNegotiated(DEPENDENT)).isTrue();
        assertThat(device.changes).isEqualTo(4);
    }

    @Test
    void whatIsRefusedChangesNothing() {
        FeatureSet before = FeatureSet.of(RingFeature.VERSION_1, WANTED);
        assertThat(device.negotiate(before)).isTrue();
        assertThat(device.negotiate(before.with(9))).as("never offered").isFalse();
        assertThat(device.negotiate(before.with(64))).as("never offered").isFalse();
        assertThat(device.negotiate(FeatureSet.of(RingFeature.VERSION_1, DEPENDENT)))
                .as("dependency missing")
                .isFalse();
        assertThat(device.negotiated()).isEqualTo(before);
        assertThat(device.changes).isEqualTo(1);
    }

    @Test
    @Conforms("BF-006")
    void featuresThatAreRefusedLeaveFeaturesOkClear() {
        int asked = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
        assertThat(device.negotiate(FeatureSet.of(RingFeature.VERSION_1, DEPENDENT)))
                .isFalse();
        device.setStatus(asked);
        assertThat(device.status()).isEqualTo(3);
        assertThat(device.negotiate(device.offered())).isTrue();
        device.setStatus(asked);
        assertThat(device.status()).isEqualTo(asked);
        device.negotiate(FeatureSet.of(64));
        device.setStatus(0);
        device.setStatus(asked);
        assertThat(device.status()).as("what was refused before a reset").isEqualTo(asked);
    }

    @Test
    void configIsReadInAnyPieces() {
        for (int offset = 0; offset <= 8; offset++) {
            for (int length = 0; length <= 8 - offset; length++) {
                byte[] read = new byte[length];
                device.readConfig(offset, read);
                for (int i = 0; i < length; i++) {
                    assertThat(read[i]).isEqualTo((byte) (offset + i));
                }
            }
        }
    }

    @Test
    void configOutsideItsSizeIsRefused() {
        int[][] ranges = {{0, 9}, {8, 1}, {9, 0}, {-1, 1}, {-1, 0}, {7, 2}, {Integer.MAX_VALUE, 1}, {0x7ffffff8, 16}};
        for (int[] range : ranges) {
            byte[] bytes = new byte[range[1]];
            assertThatThrownBy(() -> device.readConfig(range[0], bytes)).isInstanceOf(IllegalArgumentException.class);
            assertThat(device.writeConfig(range[0], bytes)).isFalse();
        }
    }

    @Test
    void writesTouchingAReadOnlyByteChangeNothing() {
        assertThat(device.writeConfig(2, new byte[] {20, 30})).isTrue();
        assertThat(device.writeConfig(1, new byte[] {90, 91})).isFalse();
        assertThat(device.writeConfig(3, new byte[] {92, 93})).isFalse();
        assertThat(device.writeConfig(0, new byte[8])).isFalse();
        assertThat(device.config).containsExactly(0, 1, 20, 30, 4, 5, 6, 7);
    }

    @Test
    @Conforms("BF-009")
    void statusZeroResets() {
        device.negotiate(FeatureSet.of(RingFeature.VERSION_1));
        device.setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
        assertThat(device.status()).isEqualTo(11);
        device.setStatus(0);
        assertThat(device.status()).isZero();
        assertThat(device.negotiated()).isEqualTo(FeatureSet.NONE);
        assertThat(device.changes).isEqualTo(2);
    }

    @Test
    void needsResetStaysUntilAReset() {
        device.setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        assertThat(device.markNeedsReset())
                .as("before DRIVER_OK nobody is told")
                .isFalse();
        assertThat(device.status()).isEqualTo(3 | DeviceStatus.NEEDS_RESET);
        device.setStatus(15);
        assertThat(device.status()).isEqualTo(15 | DeviceStatus.NEEDS_RESET);
        device.setStatus(0);
        assertThat(device.status()).isZero();
        device.setStatus(15);
        assertThat(device.status()).isEqualTo(15);
        assertThat(device.markNeedsReset()).isTrue();
        assertThat(device.markNeedsReset()).as("once is enough").isFalse();
        assertThat(device.status()).isEqualTo(15 | DeviceStatus.NEEDS_RESET);
    }

    @Test
    void statusBitsAreThoseOfTheSpecification() {
        assertThat(new int[] {
                    DeviceStatus.ACKNOWLEDGE,
                    DeviceStatus.DRIVER,
                    DeviceStatus.DRIVER_OK,
                    DeviceStatus.FEATURES_OK,
                    DeviceStatus.NEEDS_RESET,
                    DeviceStatus.FAILED
                })
                .containsExactly(1, 2, 4, 8, 64, 128);
        assertThat(new int[] {RingFeature.INDIRECT_DESC, RingFeature.EVENT_IDX, RingFeature.VERSION_1})
                .containsExactly(28, 29, 32);
    }

    private static Sample running(int... features) {
        FeatureSet all = FeatureSet.of(features).with(RingFeature.VERSION_1);
        Sample device = new Sample(all);
        device.setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        assertThat(device.negotiate(all)).isTrue();
        assertThat(device.setStatus(RUNNING)).isEqualTo(StatusRequest.NOTHING);
        return device;
    }

    @Test
    @Conforms({"BF-020", "BF-021"})
    void aDriverSuspendsAndResumes() {
        Sample device = running(RingFeature.SUSPEND);
        assertThat(device.setStatus(RUNNING | DeviceStatus.SUSPEND)).isEqualTo(StatusRequest.SUSPEND);
        assertThat(device.status()).as("before the queues stand still").isEqualTo(RUNNING);
        device.suspended();
        assertThat(device.isSuspended()).isTrue();
        assertThat(device.status()).isEqualTo((RUNNING & ~DeviceStatus.DRIVER_OK) | DeviceStatus.SUSPEND);
        assertThat(device.setStatus(device.status())).as("nothing new").isEqualTo(StatusRequest.NOTHING);
        assertThat(device.setStatus(device.status() | DeviceStatus.DRIVER_OK)).isEqualTo(StatusRequest.RESUME);
        assertThat(device.isSuspended()).as("before the queues go on").isTrue();
        assertThat(device.resumed()).isFalse();
        assertThat(device.status()).isEqualTo(RUNNING);
    }

    @Test
    @Conforms("BF-015")
    void beforeTheEndOfInitialisationSuspendIsIgnored() {
        Sample device = new Sample(FeatureSet.of(RingFeature.VERSION_1, RingFeature.SUSPEND));
        assertThat(device.setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.SUSPEND))
                .isEqualTo(StatusRequest.NOTHING);
        assertThat(device.status()).isEqualTo(DeviceStatus.ACKNOWLEDGE);
        assertThat(device.negotiate(device.offered())).isTrue();
        // not even together with DRIVER_OK
        assertThat(device.setStatus(RUNNING | DeviceStatus.SUSPEND)).isEqualTo(StatusRequest.NOTHING);
        assertThat(device.status()).isEqualTo(RUNNING);
        assertThat(device.setStatus(RUNNING | DeviceStatus.SUSPEND)).isEqualTo(StatusRequest.SUSPEND);
    }

    @Test
    void withoutTheFeatureSuspendIsIgnored() {
        Sample device = running(WANTED);
        assertThat(device.setStatus(RUNNING | DeviceStatus.SUSPEND)).isEqualTo(StatusRequest.NOTHING);
        assertThat(device.status()).isEqualTo(RUNNING);
    }

    @Test
    @Conforms({"BF-016", "BF-017"})
    void theConfigurationOfASuspendedDeviceStandsStill() {
        Sample device = running(RingFeature.SUSPEND);
        device.suspended();
        byte[] before = new byte[8];
        device.readConfig(0, before);
        assertThat(device.writeConfig(2, new byte[] {9})).isTrue();
        // a change of the device's own
        device.config[5] = 77;
        byte[] now = new byte[8];
        device.readConfig(0, now);
        assertThat(now).isEqualTo(before);
        device.resumed();
        device.readConfig(0, now);
        assertThat(now[2]).as("what the driver wrote is forgotten").isEqualTo((byte) 2);
        assertThat(now[5]).isEqualTo((byte) 77);
    }

    @Test
    @Conforms({"BF-018", "BF-019"})
    void aConfigurationChangeIsToldAfterTheSuspension() {
        Sample device = running(RingFeature.SUSPEND);
        assertThat(device.mayNotifyOfChange()).isTrue();
        device.suspended();
        assertThat(device.mayNotifyOfChange()).isFalse();
        assertThat(device.resumed()).isTrue();
        device.suspended();
        assertThat(device.resumed()).as("told once").isFalse();
    }

    @Test
    @Conforms("BF-009")
    void aResetEndsASuspension() {
        Sample device = running(RingFeature.SUSPEND);
        device.suspended();
        device.mayNotifyOfChange();
        device.setStatus(0);
        assertThat(device.status()).isZero();
        assertThat(device.isSuspended()).isFalse();
        assertThat(device.resumed()).isFalse();
    }

    @Test
    void aNotificationNamesItsQueue() {
        Sample plain = running(WANTED);
        assertThat(plain.notifyValue(0)).isZero();
        assertThat(plain.notifiedQueue(NotificationData.of(0, 0xffff))).isZero();
        assertThat(plain.notifiedQueue(1)).as("no such queue").isEqualTo(-1);
        assertThat(plain.notifiedQueue(-1)).isEqualTo(-1);
        Sample named = running(RingFeature.NOTIF_CONFIG_DATA, RingFeature.NOTIFICATION_DATA);
        int value = named.notifyValue(0);
        assertThat(value).as("a name of the device's choice").isNotZero();
        assertThat(named.notifiedQueue(NotificationData.of(value, 0x8001))).isZero();
        assertThat(named.notifiedQueue(0)).isEqualTo(-1);
        assertThat(NotificationData.progress(NotificationData.of(value, 0x8001)))
                .isEqualTo(0x8001);
    }
}
