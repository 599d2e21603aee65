package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.pci.Doorbell;
import dev.cipu.device.pci.Region;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The other structures: doorbells, device configuration, window, shared memory, vendor data. {@code [virtio-1.4 §4.1.4]} */
class StructureTest {
    private static final int NOTIFY = 2;
    private static final int DEVICE = 4;
    private static final int WINDOW = 5;
    private static final int SHARED = 8;
    private static final int VENDOR = 9;

    private final TestHost host = TestHost.sample();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    @Conforms({"PC-009", "PC-013", "PC-030", "PC-039", "PC-044", "PC-053"})
    void eachStructureHasOneCapabilityThatCoversItWhole(int type) {
        assertThat(host.structures(type)).hasSize(1);
        TestHost.Structure structure = host.structure(type);
        int extra = type == NOTIFY || type == WINDOW ? 4 : 0;
        assertThat(host.config(structure.at() + 2, 1)).isEqualTo(16 + extra);
        assertThat(structure.offset() + structure.length())
                .isLessThanOrEqualTo(host.function.region(structure.bar()).bytes());
    }

    /** {@code [virtio-1.4 §4.1.4.4.1]} */
    private static void checkDoorbells(TestHost host, int width) {
        TestHost.Structure notify = host.structure(NOTIFY);
        long multiplier = host.config(notify.at() + 16, 4);
        assertThat(notify.offset() % width).isZero();
        assertThat(multiplier == 0 || (Long.bitCount(multiplier) == 1 && multiplier % width == 0))
                .isTrue();
        assertThat(Long.numberOfTrailingZeros(multiplier) % 2)
                .as("an even power")
                .isZero();
        assertThat(notify.length()).isGreaterThanOrEqualTo(width);
        for (int i = 0; i < host.device.queueCount(); i++) {
            host.select(i);
            long at = host.common(CommonLayout.QUEUE_NOTIFY_OFF, 2) * multiplier;
            assertThat(notify.length()).isGreaterThanOrEqualTo(at + width);
        }
    }

    @Test
    @Conforms({"PC-031", "PC-032", "PC-033", "PC-034"})
    void doorbellsHaveRoomForTheNumberOfAQueue() {
        checkDoorbells(
                new TestHost(new SampleDevice(SampleDevice.FEATURES.without(RingFeature.NOTIFICATION_DATA), 1025)), 2);
    }

    @Test
    @Conforms({"PC-035", "PC-036", "PC-037", "PC-038"})
    void doorbellsHaveRoomForNotificationData() {
        checkDoorbells(new TestHost(new SampleDevice(SampleDevice.FEATURES, 1025)), 4);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void aDoorbellKicksItsQueue(int width) {
        host.up();
        host.queues.take();
        TestHost.Structure notify = host.structure(NOTIFY);
        long multiplier = host.config(notify.at() + 16, 4);
        for (int i = 0; i < 3; i++) {
            host.select(i);
            long at = notify.offset() + host.common(CommonLayout.QUEUE_NOTIFY_OFF, 2) * multiplier;
            TestHost.write(host.function, notify.bar(), at, width, 0x0007_0000L | host.device.notifyValue(i));
        }
        assertThat(host.queues.take()).containsExactly("kick 0", "kick 1", "kick 2");
        assertThat(TestHost.read(host.function, notify.bar(), 0, 4)).isZero();
    }

    @Test
    void theDriverIsToldHowToNameAQueueWhereItAsked() {
        host.select(1);
        assertThat(host.common(CommonLayout.QUEUE_NOTIFY_DATA, 2)).isZero();
        host.up();
        host.select(1);
        assertThat(host.common(CommonLayout.QUEUE_NOTIFY_DATA, 2))
                .isEqualTo(host.device.notifyValue(1))
                .isNotEqualTo(1);
        assertThat(host.device.notifiedQueue((int) host.common(CommonLayout.QUEUE_NOTIFY_DATA, 2)))
                .isEqualTo(1);
    }

    @Test
    void doorbellsHavePagesOfTheirOwnThatAHostMayMap() {
        TestHost many = new TestHost(new SampleDevice(SampleDevice.FEATURES, 1025));
        Region region = many.function.region(many.structure(NOTIFY).bar());
        assertThat(region.bytes()).isEqualTo(8192);
        assertThat(region.doorbells()).containsExactly(new Region.Range(0, 8192));
        for (int type : new int[] {1, 3, 4}) {
            assertThat(many.structure(type).bar())
                    .isNotEqualTo(many.structure(NOTIFY).bar());
            assertThat(many.function.region(many.structure(type).bar()).doorbells())
                    .isEmpty();
        }
        List<Doorbell> doorbells =
                many.function.doorbells(many.structure(NOTIFY).bar());
        assertThat(doorbells).hasSize(1025).endsWith(new Doorbell(4096, 1024));
        assertThat(many.function.doorbells(RegionId.BAR0)).isEmpty();
    }

    @Test
    void aKickOfWhatDoesNotRunIsNothing() {
        TestHost.Structure notify = host.structure(NOTIFY);
        TestHost.write(host.function, notify.bar(), 0, 2, 0);
        host.up();
        host.queues.take();
        for (long at : new long[] {1, 2, 3, 12, 4092}) {
            TestHost.write(host.function, notify.bar(), at, 2, 0);
        }
        for (int width : new int[] {1, 3, 8}) {
            TestHost.write(host.function, notify.bar(), 0, width, 0);
        }
        assertThat(host.queues.take()).isEmpty();
    }

    @Test
    @Conforms({"PC-008", "PC-045"})
    void theDeviceConfigurationIsReadInAnyPart() {
        assertThat(host.structure(DEVICE).offset() % 4).isZero();
        assertThat(host.structure(DEVICE).length()).isEqualTo(8);
        assertThat(host.deviceConfig(0, 4)).isEqualTo(0x04030201);
        assertThat(host.deviceConfig(4, 4)).isEqualTo(0x08070605);
        assertThat(host.deviceConfig(3, 2)).isEqualTo(0x0504);
        assertThat(host.deviceConfig(0, 8)).isEqualTo(0x0807_0605_0403_0201L);
        assertThat(host.deviceConfig(6, 4)).as("and nothing behind it").isEqualTo(0x0807);
    }

    @Test
    void onlyWhatTheDriverMayWriteOfItChanges() {
        TestHost.Structure config = host.structure(DEVICE);
        TestHost.write(host.function, config.bar(), config.offset() + 7, 1, 0x55);
        assertThat(host.deviceConfig(7, 1)).isEqualTo(0x55);
        TestHost.write(host.function, config.bar(), config.offset() + 6, 2, 0);
        TestHost.write(host.function, config.bar(), config.offset() + 7, 4, 0);
        TestHost.write(host.function, config.bar(), config.offset() + 0, 4, 0);
        assertThat(host.deviceConfig(0, 8)).isEqualTo(0x5507_0605_0403_0201L);
    }

    @Test
    @Conforms("PC-017")
    void theGenerationTellsOfAChangeWheneverAReadFindsOne() {
        SampleDevice device = (SampleDevice) host.device;
        long before = host.common(CommonLayout.GENERATION, 1);
        host.deviceConfig(0, 4);
        assertThat(host.common(CommonLayout.GENERATION, 1)).isEqualTo(before);
        device.config[7] = 99;
        host.deviceConfig(0, 4);
        assertThat(host.common(CommonLayout.GENERATION, 1))
                .as("nobody has reported it yet, and it is in another field")
                .isNotEqualTo(before);
        long then = host.common(CommonLayout.GENERATION, 1);
        for (int i = 0; i < 256; i++) {
            device.config[0]++;
            host.function.configChanged();
        }
        device.config[0]++;
        host.deviceConfig(0, 1);
        assertThat(host.common(CommonLayout.GENERATION, 1)).as("no wrap").isNotEqualTo(then);
    }

    private void window(int bar, long offset, long length) {
        int at = host.structure(WINDOW).at();
        host.config(at + 4, 1, bar);
        host.config(at + 8, 4, offset);
        host.config(at + 12, 4, length);
    }

    private static int number(RegionId bar) {
        return bar.name().charAt(3) - '0';
    }

    @Test
    @Conforms({"PC-054", "PC-055"})
    void theWindowReachesEveryStructure() {
        int data = host.structure(WINDOW).at() + 16;
        TestHost.Structure common = host.structure(1);
        window(number(common.bar()), common.offset() + CommonLayout.NUM_QUEUES, 2);
        assertThat(host.config(data, 4)).isEqualTo(3);
        window(number(common.bar()), common.offset() + CommonLayout.QUEUE_SELECT, 2);
        host.config(data, 4, 0xffff_0002L);
        assertThat(host.common(CommonLayout.QUEUE_SELECT, 2))
                .as("two bytes of four")
                .isEqualTo(2);
        TestHost.Structure config = host.structure(DEVICE);
        window(number(config.bar()), config.offset() + 4, 4);
        assertThat(host.config(data, 4)).isEqualTo(0x08070605);
        window(number(config.bar()), config.offset() + 7, 1);
        host.config(data, 1, 0x66);
        assertThat(host.deviceConfig(7, 1)).isEqualTo(0x66);
        host.up();
        host.queues.take();
        TestHost.Structure notify = host.structure(NOTIFY);
        window(number(notify.bar()), notify.offset() + 8, 2);
        host.config(data, 2, 2);
        assertThat(host.queues.take()).containsExactly("kick 2");
    }

    @Test
    void theWindowReadsTheIsrStatusWithItsEffect() {
        host.up();
        host.queues.used(0);
        TestHost.Structure isr = host.structure(3);
        window(number(isr.bar()), isr.offset(), 1);
        int data = host.structure(WINDOW).at() + 16;
        assertThat(host.config(data - 4, 4)).as("not the window").isEqualTo(1);
        assertThat(host.config(data, 4)).isEqualTo(1);
        assertThat(host.config(data, 4)).isZero();
    }

    private static TestHost withShared(SharedMemory... memories) {
        return new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder().shared(List.of(memories)).build());
    }

    @Test
    @Conforms({"PC-046", "PC-047"})
    void sharedMemoryIsInsideItsBar() {
        MemorySegment first = MemorySegment.ofArray(new byte[5000]);
        TestHost sharing = withShared(new SharedMemory(7, first));
        TestHost.Structure region = sharing.structure(SHARED);
        assertThat(sharing.config(region.at() + 2, 1)).isEqualTo(24);
        assertThat(sharing.config(region.at() + 5, 1)).isEqualTo(7);
        assertThat(region.length()).isEqualTo(5000);
        assertThat(region.offset() + region.length())
                .isLessThanOrEqualTo(sharing.function.region(region.bar()).bytes());
        TestHost.write(sharing.function, region.bar(), region.offset() + 4998, 4, 0x04030201);
        assertThat(first.get(ValueLayout.JAVA_BYTE, 4999)).isEqualTo((byte) 2);
        assertThat(TestHost.read(sharing.function, region.bar(), region.offset() + 4998, 4))
                .as("and zeroes behind it")
                .isEqualTo(0x0201);
        assertThatThrownBy(() -> withShared(new SharedMemory(7, first), new SharedMemory(7, first)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("id 7");
        assertThat(host.structures(SHARED)).isEmpty();
    }

    @Test
    @Conforms({"PC-048", "PC-049", "PC-050", "PC-051", "PC-052"})
    void vendorDataIsForToolsAndHarmless() {
        VendorData one = new VendorData(0x1234, new byte[] {1, 2, 3});
        VendorData other = new VendorData(0x1234, new byte[] {4, 5});
        TestHost vendor = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder().vendorData(List.of(one, other)).build());
        List<Integer> found = TestHost.capabilities(vendor.function, 9).stream()
                .filter(at -> vendor.config(at + 3, 1) == VENDOR)
                .toList();
        assertThat(found).hasSize(2);
        int at = found.getFirst();
        assertThat(vendor.config(at + 2, 1)).isEqualTo(12);
        assertThat(vendor.config(at + 4, 8)).isEqualTo(0x0003_0201_1234L);
        assertThat(vendor.config(found.getLast() + 2, 1)).isEqualTo(8);
        String before = vendor.function.dump("00:00.0");
        vendor.config(at, 8);
        vendor.config(at + 4, 8, -1);
        assertThat(vendor.function.dump("00:00.0")).isEqualTo(before);
        assertThatThrownBy(() -> new VendorData(0x1af4, new byte[2])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TestHost(
                        new SampleDevice(),
                        VirtioPciTraits.builder()
                                .vendorData(List.of(new VendorData(1, new byte[40])))
                                .build()))
                .as("no room")
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("do not fit");
    }
}
