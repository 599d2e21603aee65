package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciLink;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.NetDevice;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host finds before it knows of virtio: ids, BARs, capabilities, power. */
class HeaderTest {
    private static final VirtioDevice NET = new NetDevice(new byte[] {2, 0, 0, 0, 0, 1}, 1500, 1);
    private static final VirtioDevice BLK = new BlkDevice(BlkTraits.of(1 << 20));

    private final TestHost host = TestHost.sample();

    private static TestHost of(VirtioDevice device) {
        return new TestHost(device);
    }

    @Test
    @Conforms({"PC-002", "PC-003", "PC-005", "PC-006"})
    void idsAreThoseOfANonTransitionalDevice() {
        assertThat(of(NET).config(0, 4)).isEqualTo(0x1041_1af4L);
        assertThat(of(BLK).config(0, 4)).isEqualTo(0x1042_1af4L);
        assertThat(host.config(0, 4)).isEqualTo(0x1049_1af4L);
        assertThat(host.config(8, 1)).isGreaterThanOrEqualTo(1);
    }

    @Test
    void classesAreThoseOfTheDevice() {
        assertThat(of(NET).config(9, 3)).isEqualTo(0x020000);
        assertThat(of(BLK).config(9, 3)).isEqualTo(0x010000);
        assertThat(host.config(9, 3)).isEqualTo(0xff0000);
    }

    @Test
    @Conforms({"PC-004", "PC-007"})
    void theSubsystemIsWhatTheEnvironmentSays() {
        assertThat(host.config(0x2c, 4)).isEqualTo(0x1100_1af4L);
        TestHost named = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder().subsystem(0x1234, 0x5678).build());
        assertThat(named.config(0x2c, 4)).isEqualTo(0x5678_1234L);
        assertThatThrownBy(
                        () -> VirtioPciTraits.builder().subsystem(0x1234, 0x3f).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("subsystem 63");
    }

    @Test
    @Conforms("PC-001")
    void theHeaderIsThatOfAnEndpointAndReadOnlyWhereItHasToBe() {
        byte[] before = new byte[0x40];
        host.function.read(RegionId.CONFIG, 0, before);
        assertThat(before[0x0e]).as("type 0, one function").isZero();
        assertThat(before[6] & 0x10).as("has capabilities").isNotZero();
        assertThat(before[0x3d]).as("pin A").isEqualTo((byte) 1);
        assertThat(host.config(0x30, 4)).as("no ROM").isZero();
        byte[] ones = new byte[0x40];
        Arrays.fill(ones, (byte) -1);
        host.function.write(RegionId.CONFIG, 0, ones);
        byte[] after = new byte[0x40];
        host.function.read(RegionId.CONFIG, 0, after);
        for (int at = 0; at < 0x40; at++) {
            boolean writable = at == 4 || at == 5 || at == 0x0c || at == 0x3c || (at >= 0x10 && at < 0x28);
            if (!writable) {
                assertThat(after[at]).as("register 0x%x", at).isEqualTo(before[at]);
            }
        }
        assertThat(host.config(4, 2)).as("memory, master, errors, pin; no I/O").isEqualTo(0x546);
    }

    @Test
    @Conforms("PC-001")
    void writingOnesToABarTellsItsSizeAndKind() {
        host.config(0x10, 4, 0xffff_ffffL);
        assertThat(host.config(0x10, 4)).as("16 KiB, 32 bits").isEqualTo(0xffff_c000L);
        host.config(0x18, 4, 0xffff_ffffL);
        host.config(0x1c, 4, 0xffff_ffffL);
        assertThat(host.config(0x18, 8)).as("4 KiB, 64 bits").isEqualTo(0xffff_ffff_ffff_f004L);
        host.config(0x18, 8, 0x12_3456_7fffL);
        assertThat(host.config(0x18, 8)).isEqualTo(0x12_3456_7004L);
        host.config(0x20, 8, -1);
        assertThat(host.config(0x20, 8)).as("not there").isZero();
        host.config(0x10, 4, 0);
        assertThat(host.config(0x10, 4)).isZero();
    }

    @Test
    void everyBarHasARegionOfItsSize() {
        for (int i = 0; i < 6; i++) {
            int at = 0x10 + 4 * i;
            host.config(at, 4, 0xffff_ffffL);
            long bits = host.config(at, 4);
            long size = bits == 0 ? 0 : -(bits & ~0xfL) & 0xffff_ffffL;
            assertThat(host.function.region(RegionId.valueOf("BAR" + i)).bytes())
                    .isEqualTo(size);
            i += (bits & 4) != 0 ? 1 : 0;
        }
        assertThat(host.function.region(RegionId.ROM).bytes()).isZero();
        assertThat(host.function.region(RegionId.CONFIG).bytes()).isEqualTo(4096);
    }

    @Test
    @Conforms("PC-001")
    void theListOfCapabilitiesEndsAndNothingOverlaps() {
        Set<Integer> taken = new HashSet<>();
        int count = 0;
        for (int at = (int) host.config(0x34, 1); at != 0; at = (int) host.config(at + 1, 1)) {
            assertThat(at % 4).isZero();
            assertThat(at).isBetween(0x40, 0xff);
            int bytes = switch ((int) host.config(at, 1)) {
                case TestHost.POWER -> 8;
                case TestHost.MSIX -> 12;
                case TestHost.EXPRESS -> 0x34;
                default -> (int) host.config(at + 2, 1);
            };
            for (int i = 0; i < bytes; i++) {
                assertThat(taken.add(at + i)).as("0x%x twice", at + i).isTrue();
            }
            count++;
        }
        assertThat(count).isEqualTo(8);
    }

    @Test
    void extendedCapabilitiesAreThereInOneList() {
        TestHost numbered = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder().serial(0x0102_0304_0506_0708L).build());
        int serial = TestHost.extended(numbered.function, 3);
        assertThat(numbered.config(serial + 4, 8)).isEqualTo(0x0102_0304_0506_0708L);
        assertThat(TestHost.extended(numbered.function, 1)).isEqualTo(0x100);
        assertThat(TestHost.extended(numbered.function, 0xe)).isPositive();
        assertThat(TestHost.extended(numbered.function, 0x10)).isEqualTo(-1);
        int last = TestHost.extended(numbered.function, 0xe);
        assertThat(numbered.config(last, 4) >>> 20).as("the end").isZero();
    }

    @Test
    void maskedErrorsStayMaskedThroughAReset() {
        int errors = TestHost.extended(host.function, 1);
        host.config(errors + 8, 4, 0xffff_ffffL);
        long masked = host.config(errors + 8, 4);
        assertThat(masked).isEqualTo(0x001f_f030L);
        host.functionReset();
        assertThat(host.config(errors + 8, 4)).isEqualTo(masked);
    }

    @Test
    void theLinkIsTheCards() {
        TestHost narrow = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder().link(new PciLink(3, 8)).build());
        int express = narrow.capability(TestHost.EXPRESS);
        assertThat(narrow.config(express + 0x0c, 2) & 0x3ff).isEqualTo(0x83);
        assertThat(narrow.config(express + 0x12, 2) & 0x3ff).isEqualTo(0x83);
        assertThat(narrow.config(express + 0x2c, 4)).isEqualTo(0xe);
        assertThatThrownBy(() -> new PciLink(3, 3)).hasMessageContaining("3 lanes");
        assertThatThrownBy(() -> new PciLink(0, 4)).hasMessageContaining("generation 0");
    }

    @Test
    @Conforms("PC-001")
    void aFunctionThatIsOffOrNoMasterDoesNotTouchMemory() {
        host.up();
        assertThat(host.queues.served).isTrue();
        int power = host.capability(TestHost.POWER) + 4;
        host.config(power, 2, 3);
        assertThat(host.queues.served).isFalse();
        host.config(power, 2, 1);
        assertThat(host.config(power, 2) & 3).as("a state that there is not").isEqualTo(3);
        host.config(power, 2, 0);
        assertThat(host.queues.served).isTrue();
        assertThat(host.status()).as("switching keeps all").isEqualTo(15);
        host.config(TestHost.COMMAND, 2, 2);
        assertThat(host.queues.served).isFalse();
        assertThat(host.queues.running).hasSize(3);
        host.config(TestHost.COMMAND, 2, 6);
        assertThat(host.queues.served).isTrue();
    }

    @Test
    void aQueueIsNotServedForADriverThatIsReadyWhileTheFunctionIsNoMaster() {
        host.negotiate(host.device.offered().low(), 0);
        host.enable(0, 64);
        host.driverOk();
        assertThat(host.queues.running).containsOnlyKeys(0);
        assertThat(host.queues.served).isFalse();
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        assertThat(host.queues.served).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2049, -1})
    void aTableHasVectorsAsManyAsThereCanBe(int vectors) {
        if (vectors == VirtioPciTraits.FITTING) {
            assertThat(host.function.interrupts(InterruptKind.MSIX)).isEqualTo(4);
            return;
        }
        assertThatThrownBy(() -> new TestHost(
                        new SampleDevice(),
                        VirtioPciTraits.builder().vectors(vectors).build()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatAFunctionCannotBeIsRefused() {
        assertThatThrownBy(() -> VirtioPciTraits.builder().queueSize(100).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("queues of 100");
        assertThatThrownBy(() -> VirtioPciTraits.builder().queueSize(1 << 16).build())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
