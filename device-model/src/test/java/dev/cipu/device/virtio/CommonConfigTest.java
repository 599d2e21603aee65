package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.device.pci.QueueSetup;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The common configuration structure. {@code [virtio-1.4 §4.1.4.3]} */
class CommonConfigTest {
    private static final int NEGOTIATING = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;
    private static final int RUNNING = NEGOTIATING | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;

    private final TestHost host = TestHost.sample();

    private long offered(long select) {
        host.common(CommonLayout.DEVICE_FEATURE_SELECT, 4, select);
        return host.common(CommonLayout.DEVICE_FEATURE, 4);
    }

    private long accepted(long select) {
        host.common(CommonLayout.DRIVER_FEATURE_SELECT, 4, select);
        return host.common(CommonLayout.DRIVER_FEATURE, 4);
    }

    private void accept(long select, long word) {
        host.common(CommonLayout.DRIVER_FEATURE_SELECT, 4, select);
        host.common(CommonLayout.DRIVER_FEATURE, 4, word);
    }

    private static long bits(FeatureSet features) {
        return features.low();
    }

    @Test
    @Conforms({"PC-012", "PC-013"})
    void theStructureIsThereAlignedAndWhole() {
        TestHost.Structure common = host.structure(1);
        assertThat(common.offset() % 4).isZero();
        assertThat(common.length()).isGreaterThanOrEqualTo(0x40);
        assertThat(host.function.region(common.bar()).bytes())
                .isGreaterThanOrEqualTo(common.offset() + common.length());
    }

    @Test
    @Conforms("PC-014")
    void everyWordOfTheOfferedFeaturesIsShown() {
        FeatureSet offered = host.device.offered();
        assertThat(offered(0)).isEqualTo(offered.low() & 0xffff_ffffL);
        assertThat(offered(1)).isEqualTo(offered.low() >>> 32);
        assertThat(offered(2)).isEqualTo(1 << (SampleDevice.HIGH_FEATURE - 64));
        for (long select : new long[] {3, 4, 5, 0x8000_0000L, 0xffff_ffffL}) {
            assertThat(offered(select)).as("word %d", select).isZero();
            assertThat(host.common(CommonLayout.DEVICE_FEATURE_SELECT, 4)).isEqualTo(select);
        }
    }

    @Test
    @Conforms({"PC-015", "PC-016"})
    void whatTheDriverAcceptedIsShownInEveryWord() {
        accept(0, 1 << RingFeature.EVENT_IDX);
        accept(1, 1);
        accept(2, 1 << (SampleDevice.HIGH_FEATURE - 64));
        accept(4, 0);
        assertThat(accepted(0)).isEqualTo(1 << RingFeature.EVENT_IDX);
        assertThat(accepted(1)).isEqualTo(1);
        assertThat(accepted(2)).isEqualTo(1 << (SampleDevice.HIGH_FEATURE - 64));
        assertThat(accepted(4)).isZero();
        assertThat(accepted(0xffff_ffffL)).isZero();
        host.status(NEGOTIATING);
        host.status(NEGOTIATING | DeviceStatus.FEATURES_OK);
        assertThat(host.device.negotiated())
                .isEqualTo(FeatureSet.of(RingFeature.EVENT_IDX, RingFeature.VERSION_1, SampleDevice.HIGH_FEATURE));
        accept(0, 0);
        assertThat(accepted(0)).as("settled").isEqualTo(1 << RingFeature.EVENT_IDX);
    }

    @Test
    void aFeatureThatWasNotOfferedLeavesFeaturesOkClear() {
        host.negotiate(1, 0);
        assertThat(accepted(0)).as("mirrored").isEqualTo(1);
        assertThat(host.status()).isEqualTo(NEGOTIATING);
        host.negotiate(1L << RingFeature.VERSION_1, 0);
        assertThat(host.status()).isEqualTo(NEGOTIATING | DeviceStatus.FEATURES_OK);
    }

    @Test
    void aDriverOfTheLegacyInterfaceIsRefused() {
        host.negotiate(1 << RingFeature.EVENT_IDX, 0);
        assertThat(host.status()).isEqualTo(NEGOTIATING);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 0x8000_0000L, 0xffff_ffffL})
    void featuresBeyondAllWordsAreRefused(long select) {
        accept(1, 1);
        accept(select, 0x10);
        assertThat(accepted(select)).isZero();
        host.status(NEGOTIATING);
        host.status(NEGOTIATING | DeviceStatus.FEATURES_OK);
        assertThat(host.status()).isEqualTo(NEGOTIATING);
        host.status(0);
        host.negotiate(1L << RingFeature.VERSION_1, 0);
        assertThat(host.status()).as("forgotten by a reset").isEqualTo(NEGOTIATING | DeviceStatus.FEATURES_OK);
    }

    @Test
    @Conforms({"PC-018", "PC-019", "PC-020", "PC-021"})
    void writingZeroToTheStatusResetsTheDevice() {
        host.up();
        host.select(1);
        host.common(CommonLayout.QUEUE_VECTOR, 2, 1);
        host.queues.take();
        host.status(0);
        assertThat(host.status()).isZero();
        assertThat(host.queues.take()).containsExactly("stop 0", "stop 1", "stop 2");
        assertThat(host.device.negotiated()).isEqualTo(FeatureSet.NONE);
        assertThat(accepted(0)).isZero();
        assertThat(host.queues.served).isFalse();
        for (int i = 0; i < 3; i++) {
            host.select(i);
            assertThat(host.common(CommonLayout.QUEUE_ENABLE, 2)).isZero();
            assertThat(host.common(CommonLayout.QUEUE_RESET, 2)).isZero();
            assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(256);
            assertThat(host.common(CommonLayout.QUEUE_DESC, 8)).isZero();
        }
        assertThat(host.config(TestHost.COMMAND, 2))
                .as("the function is not reset")
                .isEqualTo(6);
    }

    @Test
    void queuesStartWhenTheDriverIsReadyWithWhatItSaid() {
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        host.negotiate(1L << RingFeature.VERSION_1, 0);
        host.enable(0, 128);
        host.enable(2, 64);
        assertThat(host.queues.running).isEmpty();
        host.driverOk();
        assertThat(host.queues.running)
                .hasSize(2)
                .containsEntry(0, new QueueSetup(128, 0x10000, 0x14000, 0x18000))
                .containsEntry(2, new QueueSetup(64, 0x30000, 0x34000, 0x38000));
        assertThat(host.queues.served).isTrue();
        host.driverOk();
        assertThat(host.queues.take()).containsExactly("start 0", "start 2");
    }

    @Test
    void aDriverThatSkipsTheNegotiationGetsNoQueue() {
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        host.enable(0, 64);
        host.status(NEGOTIATING | DeviceStatus.DRIVER_OK);
        assertThat(host.queues.running).isEmpty();
        assertThat(host.queues.served).isFalse();
    }

    @Test
    void whatIsWrittenWhenItIsSettledIsIgnored() {
        host.negotiate(1L << RingFeature.VERSION_1, 0);
        host.enable(0, 64);
        host.driverOk();
        for (int queue = 0; queue < 2; queue++) {
            host.select(queue);
            long size = host.common(CommonLayout.QUEUE_SIZE, 2);
            long desc = host.common(CommonLayout.QUEUE_DESC, 8);
            host.common(CommonLayout.QUEUE_SIZE, 2, 32);
            host.common(CommonLayout.QUEUE_DESC, 8, 0xbad000);
            host.common(CommonLayout.QUEUE_DRIVER, 4, 0xbad000);
            host.common(CommonLayout.QUEUE_ENABLE, 2, 0);
            assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(size);
            assertThat(host.common(CommonLayout.QUEUE_DESC, 8)).isEqualTo(desc);
        }
        host.select(0);
        assertThat(host.common(CommonLayout.QUEUE_ENABLE, 2)).isEqualTo(1);
        assertThat(host.queues.running).containsOnlyKeys(0);
    }

    @Test
    void aQueueThatIsEnabledStaysAsItIsUntilItIsReset() {
        host.negotiate(bits(host.device.offered()), 0);
        host.enable(0, 64);
        for (int round = 0; round < 2; round++) {
            host.common(CommonLayout.QUEUE_SIZE, 2, 32);
            host.common(CommonLayout.QUEUE_DESC, 8, 0xbad000);
            assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(64);
            assertThat(host.common(CommonLayout.QUEUE_DESC, 8)).isEqualTo(0x10000);
            host.driverOk();
        }
        host.common(CommonLayout.QUEUE_RESET, 2, 1);
        host.common(CommonLayout.QUEUE_SIZE, 2, 32);
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(32);
    }

    @Test
    @Conforms({"PC-022", "PC-023", "PC-024", "PC-025"})
    void oneQueueIsResetAndSetUpAnew() {
        host.up();
        host.select(1);
        host.common(CommonLayout.QUEUE_VECTOR, 2, 2);
        assertThat(host.common(CommonLayout.QUEUE_RESET, 2)).isZero();
        List<Long> meanwhile = new ArrayList<>();
        host.queues.whileStopping = () -> meanwhile.add(host.common(CommonLayout.QUEUE_RESET, 2));
        host.queues.take();
        host.common(CommonLayout.QUEUE_RESET, 2, 1);
        assertThat(host.queues.take()).containsExactly("stop 1");
        assertThat(meanwhile).containsExactly(1L);
        assertThat(host.common(CommonLayout.QUEUE_RESET, 2)).isZero();
        assertThat(host.common(CommonLayout.QUEUE_ENABLE, 2)).isZero();
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(256);
        assertThat(host.common(CommonLayout.QUEUE_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        assertThat(host.queues.running).containsOnlyKeys(0, 2);
        host.queues.whileStopping = () -> {};
        host.enable(1, 16);
        assertThat(host.queues.running).containsEntry(1, new QueueSetup(16, 0x20000, 0x24000, 0x28000));
        assertThat(host.common(CommonLayout.QUEUE_RESET, 2)).isZero();
        assertThat(host.common(CommonLayout.QUEUE_ENABLE, 2)).isEqualTo(1);
    }

    @Test
    void withoutTheFeatureNoQueueIsResetAlone() {
        host.negotiate(1L << RingFeature.VERSION_1, 0);
        host.enable(0, 64);
        host.driverOk();
        host.common(CommonLayout.QUEUE_RESET, 2, 1);
        assertThat(host.queues.running).containsOnlyKeys(0);
        assertThat(host.common(CommonLayout.QUEUE_ENABLE, 2)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 0x7fff, 0xffff})
    @Conforms("PC-026")
    void aQueueThatIsNotThereHasNoSizeAndCannotBeSetUp(int queue) {
        host.negotiate(bits(host.device.offered()), 0);
        host.enable(queue, 64);
        assertThat(host.common(CommonLayout.QUEUE_SELECT, 2)).isEqualTo(queue);
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isZero();
        assertThat(host.common(CommonLayout.QUEUE_ENABLE, 2)).isZero();
        assertThat(host.common(CommonLayout.QUEUE_DESC, 8)).isZero();
        assertThat(host.common(CommonLayout.QUEUE_RESET, 2)).isZero();
        host.common(CommonLayout.QUEUE_VECTOR, 2, 0);
        assertThat(host.common(CommonLayout.QUEUE_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        host.driverOk();
        assertThat(host.queues.running).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 100, 257, 512, 0xffff})
    @Conforms("PC-027")
    void aSizeThatNoSplitRingHasIsNotTaken(int size) {
        host.negotiate(1L << RingFeature.VERSION_1, 0);
        host.common(CommonLayout.QUEUE_SIZE, 2, size);
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(256);
        host.common(CommonLayout.QUEUE_SIZE, 2, 32);
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(32);
    }

    @Test
    void aPackedRingHasAnySizeUpToTheLargest() {
        host.negotiate(bits(host.device.offered()), 0);
        host.common(CommonLayout.QUEUE_SIZE, 2, 100);
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(100);
        host.common(CommonLayout.QUEUE_SIZE, 2, 257);
        host.common(CommonLayout.QUEUE_SIZE, 2, 0);
        assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isEqualTo(100);
    }

    @Test
    void addressesMayBeWrittenByHalves() {
        host.common(CommonLayout.QUEUE_DEVICE, 4, 0x89ab_cdefL);
        host.common(CommonLayout.QUEUE_DEVICE + 4, 4, 0x0123_4567);
        assertThat(host.common(CommonLayout.QUEUE_DEVICE, 8)).isEqualTo(0x0123_4567_89ab_cdefL);
        assertThat(host.common(CommonLayout.QUEUE_DEVICE + 4, 4)).isEqualTo(0x0123_4567);
        host.common(CommonLayout.QUEUE_DEVICE, 4, 0);
        assertThat(host.common(CommonLayout.QUEUE_DEVICE, 8)).isEqualTo(0x0123_4567_0000_0000L);
    }

    @Test
    void thereIsNoAdministrationQueueYet() {
        assertThat(host.common(0x3c, 4)).isZero();
        assertThat(host.common(CommonLayout.NUM_QUEUES, 2)).isEqualTo(3);
    }

    @Test
    void aDriverSuspendsAndGoesOn() {
        host.up().messages();
        host.common(CommonLayout.CONFIG_VECTOR, 2, 0);
        host.status(RUNNING | DeviceStatus.SUSPEND);
        assertThat(host.queues.served).isFalse();
        assertThat(host.status()).isEqualTo(NEGOTIATING | DeviceStatus.FEATURES_OK | DeviceStatus.SUSPEND);
        ((SampleDevice) host.device).config[0] = 77;
        host.function.configChanged();
        assertThat(host.bus.take()).isEmpty();
        assertThat(host.deviceConfig(0, 1)).as("as it was").isEqualTo(1);
        host.status(RUNNING);
        assertThat(host.queues.served).isTrue();
        assertThat(host.status()).isEqualTo(RUNNING);
        assertThat(host.bus.take()).containsExactly("MSIX 0");
        assertThat(host.deviceConfig(0, 1)).isEqualTo(77);
        assertThat(host.queues.running).as("all the time").hasSize(3);
    }

    @Test
    void aQueueThatCannotRunNeedsAResetAndTheDriverHears() {
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        host.messages();
        host.common(CommonLayout.CONFIG_VECTOR, 2, 3);
        host.negotiate(bits(host.device.offered()), 0);
        host.enable(0, 64);
        host.queues.refuses = true;
        host.driverOk();
        assertThat(host.status()).isEqualTo(RUNNING | DeviceStatus.NEEDS_RESET);
        assertThat(host.bus.take()).containsExactly("MSIX 3");
        host.function.needsReset();
        assertThat(host.bus.take()).as("it knows").isEmpty();
        host.status(RUNNING);
        assertThat(host.status()).as("only a reset helps").isEqualTo(RUNNING | DeviceStatus.NEEDS_RESET);
        host.status(0);
        assertThat(host.status()).isZero();
    }

    @Test
    void whatIsNoFieldOfItsWidthChangesNothing() {
        host.up();
        byte[] before = image();
        host.queues.take();
        for (int at = 0; at < CommonLayout.BYTES; at++) {
            for (int bytes : new int[] {1, 2, 3, 4, 5, 8, 16}) {
                if (at + bytes <= CommonLayout.BYTES && !CommonLayout.isField(at, bytes)) {
                    host.common(at, bytes, 0);
                    assertThat(image()).as("%d bytes at 0x%x", bytes, at).isEqualTo(before);
                }
            }
        }
        assertThat(host.queues.take()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CommonLayout.DEVICE_FEATURE,
                CommonLayout.NUM_QUEUES,
                CommonLayout.GENERATION,
                CommonLayout.QUEUE_NOTIFY_OFF,
                CommonLayout.QUEUE_NOTIFY_DATA
            })
    void fieldsThatAreReadOnlyStay(int at) {
        byte[] before = image();
        for (int bytes : new int[] {1, 2, 4}) {
            host.common(at, bytes, -1);
        }
        assertThat(image()).isEqualTo(before);
    }

    @Test
    void everyWidthOfAReadSeesTheSameRegisters() {
        host.up();
        byte[] all = image();
        for (int at = 0; at < CommonLayout.BYTES; at++) {
            assertThat((byte) host.common(at, 1)).isEqualTo(all[at]);
        }
        assertThat(host.common(CommonLayout.QUEUE_SIZE + 1, 2))
                .isEqualTo((all[0x19] & 0xffL) | ((all[0x1a] & 0xffL) << 8));
    }

    private byte[] image() {
        TestHost.Structure common = host.structure(1);
        byte[] all = new byte[CommonLayout.BYTES];
        host.function.read(common.bar(), common.offset(), all);
        return all;
    }
}
