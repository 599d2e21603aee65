package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciHost;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.conformance.Conforms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the driver hears: the pin with the ISR status, and MSI-X. */
class InterruptTest {
    private static final long PIN_PENDING = 8;

    private final TestHost host = TestHost.sample().up();

    private long pinPending() {
        return host.config(TestHost.STATUS, 2) & PIN_PENDING;
    }

    private void map(int queue, int vector) {
        host.select(queue);
        host.common(CommonLayout.QUEUE_VECTOR, 2, vector);
    }

    private void configVector(int vector) {
        host.common(CommonLayout.CONFIG_VECTOR, 2, vector);
    }

    @Test
    @Conforms({"PC-041", "PC-042", "PC-043"})
    void usedBuffersAssertThePinUntilTheIsrStatusIsRead() {
        assertThat(pinPending()).isZero();
        host.queues.used(1);
        assertThat(host.bus.take()).containsExactly("INTX 0");
        assertThat(pinPending()).isNotZero();
        host.queues.used(2);
        assertThat(host.bus.take()).as("asserted all the time").isEmpty();
        assertThat(host.isr()).isEqualTo(1);
        assertThat(pinPending()).isZero();
        assertThat(host.isr()).isZero();
        host.queues.used(0);
        assertThat(host.bus.take()).containsExactly("INTX 0");
    }

    @Test
    @Conforms({"PC-040", "PC-042"})
    void aChangeIsInTheIsrStatusBeforeThePinTellsOfIt() {
        long[] isr = new long[1];
        host.function.connect((kind, vector) -> isr[0] = host.isr());
        host.function.configChanged();
        assertThat(isr[0]).isEqualTo(2);
        host.function.connect(host.bus);
        host.function.configChanged();
        host.queues.used(0);
        assertThat(host.isr()).isEqualTo(3);
    }

    @Test
    @Conforms("PC-041")
    void aQueuesBitIsInTheIsrStatusBeforeThePinTellsOfIt() {
        long[] isr = new long[1];
        host.function.connect((kind, vector) -> isr[0] = host.isr());
        host.queues.used(0);
        assertThat(isr[0]).isEqualTo(1);
    }

    @Test
    @Conforms("PC-040")
    void aChangeIsInTheIsrStatusWithMessagesToo() {
        host.messages();
        configVector(1);
        long[] isr = new long[1];
        host.function.connect((kind, vector) -> isr[0] = host.isr());
        host.function.configChanged();
        assertThat(isr[0]).isEqualTo(2);
    }

    @Test
    @Conforms("PC-042")
    void aPinThatIsSwitchedOffIsPendingAndSilent() {
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN | TestHost.COMMAND_NO_PIN);
        host.queues.used(0);
        assertThat(host.bus.take()).isEmpty();
        assertThat(pinPending()).isNotZero();
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        assertThat(host.bus.take()).containsExactly("INTX 0");
        host.config(TestHost.STATUS, 2, 0xffff);
        assertThat(pinPending()).as("not for the host to clear").isNotZero();
    }

    @Test
    void whoeverReadsPastTheIsrStatusReadsItToo() {
        host.queues.used(0);
        TestHost.Structure isr = host.structure(3);
        TestHost.read(host.function, isr.bar(), isr.offset() + 1, 4);
        assertThat(pinPending()).isNotZero();
        assertThat(TestHost.read(host.function, isr.bar(), isr.offset(), 4)).isEqualTo(1);
        assertThat(pinPending()).isZero();
    }

    @Test
    void aDeviceResetReleasesThePin() {
        host.queues.used(0);
        host.status(0);
        assertThat(pinPending()).isZero();
        assertThat(host.isr()).isZero();
    }

    @Test
    void aDriverThatIsNotReadyHearsOfNoChange() {
        TestHost early = TestHost.sample();
        early.function.configChanged();
        early.function.needsReset();
        assertThat(early.bus.take()).isEmpty();
        assertThat(early.isr()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 64, 2048})
    @Conforms({"PC-056", "PC-057", "PC-058"})
    void theTableIsAsLargeAsItSays(int vectors) {
        TestHost sized = new TestHost(
                new SampleDevice(), VirtioPciTraits.builder().vectors(vectors).build());
        int at = sized.capability(TestHost.MSIX);
        assertThat(sized.config(at + 2, 2) & 0x7ff).isEqualTo(vectors - 1);
        assertThat(sized.function.interrupts(InterruptKind.MSIX)).isEqualTo(vectors);
        long table = sized.config(at + 4, 4) & ~7L;
        long pending = sized.config(at + 8, 4) & ~7L;
        assertThat(pending).isGreaterThanOrEqualTo(table + vectors * 16L);
        assertThat(sized.function.region(sized.tableBar()).bytes()).isGreaterThanOrEqualTo(pending + vectors / 8);
        assertThat(host.function.interrupts(InterruptKind.MSIX))
                .as("one for each queue and one for changes")
                .isEqualTo(4);
    }

    @Test
    @Conforms({"PC-059", "PC-060", "PC-061", "PC-063", "PC-065", "PC-066"})
    void everyEventCanHaveEveryVectorAndNone() {
        host.messages();
        for (int vector = 0; vector < 4; vector++) {
            configVector(vector);
            assertThat(host.common(CommonLayout.CONFIG_VECTOR, 2)).isEqualTo(vector);
            host.function.configChanged();
            assertThat(host.bus.take()).containsExactly("MSIX " + vector);
            for (int queue = 0; queue < 3; queue++) {
                map(queue, vector);
                assertThat(host.common(CommonLayout.QUEUE_VECTOR, 2)).isEqualTo(vector);
                host.queues.used(queue);
                assertThat(host.bus.take()).containsExactly("MSIX " + vector);
            }
        }
        configVector(TestHost.NO_VECTOR);
        map(1, TestHost.NO_VECTOR);
        assertThat(host.common(CommonLayout.CONFIG_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        assertThat(host.common(CommonLayout.QUEUE_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        host.function.configChanged();
        host.queues.used(1);
        assertThat(host.bus.take()).isEmpty();
        assertThat(pinPending()).as("nor by the pin").isZero();
        host.queues.used(2);
        assertThat(host.bus.take()).containsExactly("MSIX 3");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 0x7ff, 0x800, 0xfffe})
    @Conforms("PC-064")
    void aVectorThatIsNotThereIsNone(int vector) {
        configVector(1);
        configVector(vector);
        assertThat(host.common(CommonLayout.CONFIG_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        map(0, 1);
        map(0, vector);
        assertThat(host.common(CommonLayout.QUEUE_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        host.messages();
        host.queues.used(0);
        host.function.configChanged();
        assertThat(host.bus.take()).isEmpty();
    }

    @Test
    @Conforms("PC-062")
    void allEventsAreUnmappedAfterAReset() {
        configVector(1);
        map(0, 1);
        map(2, 3);
        host.status(0);
        assertThat(host.common(CommonLayout.CONFIG_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        for (int queue = 0; queue < 3; queue++) {
            host.select(queue);
            assertThat(host.common(CommonLayout.QUEUE_VECTOR, 2)).isEqualTo(TestHost.NO_VECTOR);
        }
    }

    @Test
    void aMaskedVectorIsPendingAndSentOnceWhenItIsOpened() {
        host.messages();
        map(0, 2);
        host.vectorMask(2, true);
        host.queues.used(0);
        host.queues.used(0);
        assertThat(host.bus.take()).isEmpty();
        assertThat(host.pending(2)).isEqualTo(1);
        assertThat(host.pending(1)).isZero();
        host.vectorMask(2, false);
        assertThat(host.bus.take()).containsExactly("MSIX 2");
        assertThat(host.pending(2)).isZero();
        host.vectorMask(2, false);
        assertThat(host.bus.take()).isEmpty();
    }

    @Test
    void theWholeFunctionCanBeMasked() {
        host.messages();
        map(0, 0);
        map(1, 1);
        int control = host.capability(TestHost.MSIX) + 2;
        host.config(control, 2, TestHost.ENABLE | TestHost.FUNCTION_MASK);
        host.queues.used(0);
        host.queues.used(1);
        assertThat(host.bus.take()).isEmpty();
        assertThat(host.pending(0)).isEqualTo(1);
        host.vectorMask(1, true);
        host.config(control, 2, TestHost.ENABLE);
        assertThat(host.bus.take()).containsExactly("MSIX 0");
        host.vectorMask(1, false);
        assertThat(host.bus.take()).containsExactly("MSIX 1");
    }

    @Test
    void aTableKeepsWhatIsWrittenByWords() {
        RegionId bar = host.tableBar();
        TestHost.write(host.function, bar, 16, 8, 0x0000_0001_fee0_1003L);
        TestHost.write(host.function, bar, 24, 4, 0x4041);
        assertThat(TestHost.read(host.function, bar, 16, 8)).isEqualTo(0x0000_0001_fee0_1000L);
        assertThat(TestHost.read(host.function, bar, 24, 8)).as("masked").isEqualTo(0x1_0000_4041L);
        TestHost.write(host.function, bar, 28, 4, 0xffff_fffeL);
        assertThat(TestHost.read(host.function, bar, 28, 4)).isZero();
        TestHost.write(host.function, bar, 24, 8, 0x1_0000_4042L);
        assertThat(TestHost.read(host.function, bar, 24, 8)).isEqualTo(0x1_0000_4042L);
        assertThat(TestHost.read(host.function, bar, 0, 8)).as("the neighbour").isZero();
    }

    @Test
    void whatIsNoWordOfTheTableChangesNothing() {
        RegionId bar = host.tableBar();
        for (int bytes : new int[] {1, 2, 3, 5, 8, 16}) {
            TestHost.write(host.function, bar, 28, bytes, 0);
        }
        TestHost.write(host.function, bar, 27, 4, 0);
        assertThat(TestHost.read(host.function, bar, 28, 4)).isEqualTo(1);
        long pending = host.config(host.capability(TestHost.MSIX) + 8, 4) & ~7L;
        TestHost.write(host.function, bar, pending, 8, -1);
        assertThat(TestHost.read(host.function, bar, pending, 8)).isZero();
    }

    @Test
    void messagesSilenceThePinAndTheOtherWayRound() {
        host.queues.used(0);
        host.bus.take();
        host.messages();
        assertThat(pinPending()).isZero();
        map(0, 0);
        host.queues.used(0);
        assertThat(host.bus.take()).containsExactly("MSIX 0");
        host.config(host.capability(TestHost.MSIX) + 2, 2, 0);
        assertThat(host.bus.take()).as("what was not looked at").containsExactly("INTX 0");
        host.isr();
        host.queues.used(0);
        assertThat(host.bus.take()).containsExactly("INTX 0");
    }

    @Test
    void aHostThatMasksByCallsCountsAndTheTableDoesNot() {
        map(0, 2);
        map(1, 1);
        host.function.mask(InterruptKind.MSIX, 2, true);
        host.function.mask(InterruptKind.MSIX, 1, false);
        host.queues.used(0);
        host.queues.used(1);
        assertThat(host.bus.take())
                .as("the table masks all, and nothing is enabled")
                .containsExactly("MSIX 1");
        assertThat(host.pending(2)).isEqualTo(1);
        host.vectorMask(2, false);
        host.config(host.capability(TestHost.MSIX) + 2, 2, TestHost.ENABLE);
        assertThat(host.bus.take()).isEmpty();
        host.function.mask(InterruptKind.MSIX, 2, false);
        assertThat(host.bus.take()).containsExactly("MSIX 2");
        host.function.reset();
        host.up();
        map(0, 2);
        host.queues.used(0);
        assertThat(host.bus.take()).as("outlasts a reset").containsExactly("MSIX 2");
        host.function.connect(host.bus);
        host.messages();
        host.vectorMask(2, true);
        host.queues.used(0);
        assertThat(host.bus.take()).as("and ends with the connection").isEmpty();
    }

    @Test
    void aHostThatUnmasksThePinIsToldAgain() {
        host.queues.used(0);
        assertThat(host.bus.take()).containsExactly("INTX 0");
        host.function.mask(InterruptKind.INTX, 0, true);
        host.function.mask(InterruptKind.INTX, 0, false);
        assertThat(host.bus.take()).as("nobody has read the ISR status").containsExactly("INTX 0");
        host.function.mask(InterruptKind.INTX, 0, true);
        host.isr();
        host.function.mask(InterruptKind.INTX, 0, false);
        assertThat(host.bus.take()).isEmpty();
        host.function.mask(InterruptKind.INTX, 0, true);
        host.queues.used(0);
        assertThat(host.bus.take()).isEmpty();
        host.function.mask(InterruptKind.INTX, 0, false);
        assertThat(host.bus.take()).containsExactly("INTX 0");
    }

    @Test
    void aFunctionThatIsOnNoBusInterruptsNobody() {
        host.function.connect(PciHost.NONE);
        host.messages();
        map(0, 0);
        host.queues.used(0);
        assertThat(host.bus.take()).isEmpty();
        assertThat(host.function.interrupts(InterruptKind.MSI)).isZero();
    }
}
