package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.RegionId;
import dev.cipu.device.pci.VirtualFunctions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host may do to a function's registers that no driver would: one test for each way that we know of. */
class HostileHostTest {
    private static final int WINDOW = 5;

    private final TestHost host = TestHost.sample();

    private byte[] common() {
        TestHost.Structure common = host.structure(1);
        byte[] all = new byte[CommonLayout.BYTES];
        host.function.read(common.bar(), common.offset(), all);
        return all;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0",
        "0, 2, 3",
        "0, 16384, 4",
        "0, 16382, 4",
        "0, 4294967292, 4",
        "0, 4294967295, 1",
        "0, 2147483648, 4",
        "1, 4294967294, 2",
        "3, 0, 4",
        "5, 0, 4",
        "6, 0, 4",
        "7, 0, 4",
        "255, 0, 4",
        "0, 1, 2",
        "0, 2, 4",
        "0, 0, 5",
        "0, 0, 8",
        "0, 0, 4294967295",
        "0, 0, 2147483648",
        "2, 4096, 2",
        "0, 8193, 2",
        "0, 8194, 4"
    })
    void aWindowThatIsSetToWhatIsNotThere(int bar, long offset, long length) {
        host.up();
        byte[] before = common();
        host.queues.take();
        int at = host.structure(WINDOW).at();
        host.config(at + 4, 1, bar);
        host.config(at + 8, 4, offset);
        host.config(at + 12, 4, length);
        assertThat(host.config(at + 16, 4)).isZero();
        host.config(at + 16, 4, 0xffff_ffffL);
        assertThat(host.config(at + 16, 4)).isZero();
        assertThat(common()).isEqualTo(before);
        assertThat(host.queues.take()).isEmpty();
        host.config(at + 4, 1, 0);
        host.config(at + 8, 4, CommonLayout.NUM_QUEUES);
        host.config(at + 12, 4, 2);
        assertThat(host.config(at + 16, 4)).as("set aright it works").isEqualTo(3);
    }

    @Test
    void aWindowThatIsSetAndUsedByOneWrite() {
        int at = host.structure(WINDOW).at();
        byte[] all = new byte[16];
        all[4] = CommonLayout.QUEUE_SELECT;
        all[8] = 2;
        all[12] = 2;
        host.function.write(RegionId.CONFIG, at + 4, all);
        assertThat(host.common(CommonLayout.QUEUE_SELECT, 2)).isEqualTo(2);
    }

    @Test
    void aRegionIsNotReadOrWrittenBehindItsEnd() {
        for (RegionId region : RegionId.values()) {
            long bytes = host.function.region(region).bytes();
            for (long at : new long[] {bytes, bytes - 1, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                byte[] two = new byte[2];
                assertThatThrownBy(() -> host.function.read(region, at, two))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> host.function.write(region, at, two))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }

    @Test
    void anAccessOfNoBytesIsNone() {
        host.up();
        host.queues.used(0);
        byte[] before = common();
        host.queues.take();
        for (RegionId region : RegionId.values()) {
            host.function.read(region, 0, new byte[0]);
            host.function.write(region, 0, new byte[0]);
        }
        TestHost.Structure isr = host.structure(3);
        host.function.read(isr.bar(), isr.offset(), new byte[0]);
        assertThat(host.isr()).as("nobody has read it").isEqualTo(1);
        assertThat(common()).isEqualTo(before);
        assertThat(host.queues.take()).isEmpty();
    }

    @Test
    void aWholeRegionIsReadAndWrittenAtOnce() {
        host.up();
        for (RegionId region : RegionId.values()) {
            byte[] all = new byte[(int) host.function.region(region).bytes()];
            host.function.read(region, 0, all);
            if (region != RegionId.CONFIG) {
                host.function.write(region, 0, all);
            }
        }
        assertThat(host.status()).isEqualTo(15);
        assertThat(host.queues.running).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CommonLayout.DEVICE_FEATURE,
                CommonLayout.NUM_QUEUES,
                CommonLayout.GENERATION,
                CommonLayout.QUEUE_NOTIFY_OFF,
                CommonLayout.QUEUE_NOTIFY_DATA,
                0x3c,
                0x3e
            })
    void aReadOnlyFieldIsWritten(int at) {
        host.up();
        byte[] before = common();
        for (int bytes : new int[] {1, 2, 4, 8}) {
            if (at + bytes <= CommonLayout.BYTES) {
                host.common(at, bytes, -1);
            }
        }
        assertThat(common()).isEqualTo(before);
    }

    @Test
    void aVectorOutsideTheTable() {
        assertThat(host.function.interrupts(InterruptKind.MSIX)).isEqualTo(4);
        for (int vector : new int[] {-1, 4, Integer.MAX_VALUE}) {
            host.function.mask(InterruptKind.MSIX, vector, true);
            host.function.mask(InterruptKind.MSIX, vector, false);
            host.function.mask(InterruptKind.MSI, vector, false);
        }
        host.function.mask(InterruptKind.INTX, 1, true);
        host.up();
        host.queues.used(0);
        assertThat(host.bus.take()).as("still by the pin").containsExactly("INTX 0");
        for (int vector : new int[] {4, 0x800, 0xfffe}) {
            host.common(CommonLayout.CONFIG_VECTOR, 2, vector);
            assertThat(host.common(CommonLayout.CONFIG_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        }
    }

    @Test
    void selectorsOutOfRange() {
        for (long select : new long[] {4, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL}) {
            host.common(CommonLayout.DEVICE_FEATURE_SELECT, 4, select);
            host.common(CommonLayout.DRIVER_FEATURE_SELECT, 4, select);
            host.common(CommonLayout.DRIVER_FEATURE, 4, 0xffff_ffffL);
            assertThat(host.common(CommonLayout.DEVICE_FEATURE, 4)).isZero();
            assertThat(host.common(CommonLayout.DRIVER_FEATURE, 4)).isZero();
        }
        for (int queue : new int[] {3, 0x8000, 0xffff}) {
            host.enable(queue, 64);
            assertThat(host.common(CommonLayout.QUEUE_SIZE, 2)).isZero();
            host.common(CommonLayout.QUEUE_RESET, 2, 1);
        }
        host.status(0);
        host.up();
        assertThat(host.queues.running).containsOnlyKeys(0, 1, 2);
    }

    /** A card of two virtual functions, written down as they come and go. */
    private static final class TwoFunctions implements VirtualFunctions.Factory {
        final VirtioPciTraits traits =
                VirtioPciTraits.builder().kind(FunctionKind.VIRTUAL).build();
        final List<String> events = new ArrayList<>();
        final TestHost physical = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder()
                        .virtual(new VirtualFunctions(2, 0x1049, 8, 1, VirtioPciFunction.bars(3, traits), this))
                        .build());

        @Override
        public List<PciFunction> appear(int count) {
            events.add("appear " + count);
            return Stream.generate(() -> (PciFunction) new TestHost(new SampleDevice(), traits).function)
                    .limit(count)
                    .toList();
        }

        @Override
        public void disappear(List<PciFunction> functions) {
            events.add("disappear " + functions.size());
        }
    }

    @Test
    void moreVirtualFunctionsThanThereAre() {
        TwoFunctions card = new TwoFunctions();
        int root = TestHost.extended(card.physical.function, 0x10);
        for (int number : new int[] {3, 256, 0xffff}) {
            card.physical.config(root + 0x10, 2, number);
            assertThat(card.physical.config(root + 0x10, 2)).isZero();
            card.physical.config(root + 8, 2, 1);
            assertThat(card.events).isEmpty();
            card.physical.config(root + 8, 2, 0);
        }
        card.physical.config(root + 0x10, 2, 2);
        card.physical.config(root + 0x10, 2, 3);
        assertThat(card.physical.config(root + 0x10, 2)).as("as it was").isEqualTo(2);
    }

    @Test
    void virtualFunctionsAreEnabledTwiceAndRenumberedMeanwhile() {
        TwoFunctions card = new TwoFunctions();
        int root = TestHost.extended(card.physical.function, 0x10);
        card.physical.config(root + 0x10, 2, 1);
        card.physical.config(root + 8, 2, 1);
        card.physical.config(root + 8, 2, 1);
        card.physical.config(root + 0x10, 2, 2);
        card.physical.config(root + 0x20, 4, 2);
        assertThat(card.physical.config(root + 0x10, 2)).isEqualTo(1);
        assertThat(card.physical.config(root + 0x20, 4)).isEqualTo(1);
        card.physical.config(root + 8, 2, 9);
        assertThat(card.events).containsExactly("appear 1");
        card.physical.config(root + 8, 2, 0);
        card.physical.config(root + 8, 2, 0);
        assertThat(card.events).containsExactly("appear 1", "disappear 1");
    }

    @Test
    void aFunctionIsResetWhileItsQueuesWork() {
        host.up().messages();
        host.select(0);
        host.common(CommonLayout.QUEUE_VECTOR, 2, 1);
        // what was in process is answered while the queue stops, and interrupts as it was mapped
        host.queues.whileStopping = () -> host.queues.used(0);
        host.functionReset();
        assertThat(host.bus.take()).contains("MSIX 1");
        assertThat(host.queues.running).isEmpty();
        host.queues.whileStopping = () -> {};
        host.queues.used(0);
        assertThat(host.bus.take())
                .as("by the pin of a function as after power-on")
                .doesNotContain("MSIX 1");
        host.function.reset();
        assertThat(host.up().messages().status()).isEqualTo(15);
    }

    @Test
    void aResetWithinAWriteOfEverything() {
        host.up();
        byte[] ones = new byte[4096];
        Arrays.fill(ones, (byte) -1);
        host.function.write(RegionId.CONFIG, 0, ones);
        assertThat(host.queues.running).isEmpty();
        assertThat(host.config(TestHost.COMMAND, 2)).isZero();
        assertThat(host.up().status()).isEqualTo(15);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anythingAnywhereInAnyWidth(long seed) {
        Random random = new Random(seed);
        TwoFunctions card = new TwoFunctions();
        PciFunction function = card.physical.function;
        RegionId[] regions = RegionId.values();
        for (int i = 0; i < 20_000; i++) {
            RegionId region = regions[random.nextInt(regions.length)];
            long bytes = function.region(region).bytes();
            int width = 1 << random.nextInt(5);
            if (width > bytes) {
                continue;
            }
            // most accesses go where something is
            long at = random.nextInt((int) Math.min(bytes - width + 1, random.nextBoolean() ? 0x200 : bytes));
            byte[] data = new byte[width];
            if (random.nextBoolean()) {
                function.read(region, at, data);
            } else {
                random.nextBytes(data);
                function.write(region, at, data);
            }
        }
        function.reset();
        assertThat(card.physical.queues.running).isEmpty();
        assertThat(card.physical.up().status()).isEqualTo(15);
        assertThat(card.physical.function.virtualFunctions()).isEmpty();
    }
}
