package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.pci.Bar;
import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.RegionId;
import dev.cipu.device.pci.VirtualFunctions;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A physical function and its virtual ones. */
class SingleRootTest {
    private static final int TOTAL = 4;
    private static final int CONTROL = 0x08;
    private static final int NUMBER = 0x10;
    private static final int PAGES = 0x20;
    private static final int BARS = 0x24;

    private final Card card = new Card();
    private final TestHost host = card.physical;
    private final int root = TestHost.extended(host.function, 0x10);

    /** Makes virtual functions, each with a device and queues of its own. */
    private static final class Card implements VirtualFunctions.Factory {
        private static final VirtioPciTraits TRAITS =
                VirtioPciTraits.builder().kind(FunctionKind.VIRTUAL).build();

        boolean full;
        final List<String> events = new ArrayList<>();
        final TreeMap<Integer, TestHost> virtual = new TreeMap<>();
        final TestHost physical = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder()
                        .virtual(new VirtualFunctions(TOTAL, 0x1049, 8, 2, VirtioPciFunction.bars(3, TRAITS), this))
                        .build());

        @Override
        public List<PciFunction> appear(int count) {
            events.add("appear " + count);
            if (full) {
                return List.of();
            }
            List<PciFunction> made = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                TestHost one = new TestHost(new SampleDevice(), TRAITS);
                virtual.put(i, one);
                made.add(one.function);
            }
            return made;
        }

        @Override
        public void disappear(List<PciFunction> functions) {
            events.add("disappear " + functions.size());
            assertThat(functions)
                    .containsExactlyElementsOf(
                            virtual.values().stream().map(one -> one.function).toList());
            virtual.values().forEach(gone -> gone.queues.note("disappear"));
            virtual.clear();
        }
    }

    private void number(int functions) {
        host.config(root + NUMBER, 2, functions);
    }

    private TestHost virtual(int index) {
        return Objects.requireNonNull(card.virtual.get(index));
    }

    private void enable(boolean on) {
        host.config(root + CONTROL, 2, on ? 9 : 0);
    }

    @Test
    @Conforms({"BF-032", "BF-033"})
    void theFeatureIsOfferedWhereTheCapabilityIsAndNowhereElse() {
        assertThat(host.device.offered().has(RingFeature.SR_IOV)).isTrue();
        assertThat(TestHost.sample().device.offered().has(RingFeature.SR_IOV)).isFalse();
        assertThat(TestHost.extended(TestHost.sample().function, 0x10)).isEqualTo(-1);
    }

    @Test
    void theCapabilitySaysWhatThereCanBe() {
        assertThat(host.config(root + 0x0c, 4)).as("initial and total").isEqualTo(0x0004_0004);
        assertThat(host.config(root + 0x14, 4)).as("offset and stride").isEqualTo(0x0002_0008);
        assertThat(host.config(root + 0x1a, 2)).isEqualTo(0x1049);
        assertThat(host.config(root + 0x1c, 4)).isEqualTo(0x553);
        assertThat(host.config(root + PAGES, 4)).isEqualTo(1);
    }

    @Test
    void functionsComeAndGo() {
        number(3);
        assertThat(card.virtual).isEmpty();
        enable(true);
        assertThat(card.events).containsExactly("appear 3");
        assertThat(host.function.virtualFunctions()).hasSize(3);
        TestHost second = virtual(1);
        second.up();
        assertThat(second.queues.running).hasSize(3);
        enable(false);
        assertThat(card.events).endsWith("disappear 3");
        assertThat(second.queues.take())
                .as("reset, but not while somebody may drive it")
                .containsExactly("start 0", "start 1", "start 2", "disappear", "stop 0", "stop 1", "stop 2");
        assertThat(host.function.virtualFunctions()).isEmpty();
        number(1);
        enable(true);
        assertThat(card.virtual).containsOnlyKeys(0);
    }

    @Test
    void functionsThatCannotBeHadStayOffUntilTheyAreAskedForAgain() {
        number(2);
        card.full = true;
        enable(true);
        assertThat(host.config(root + CONTROL, 2)).as("no longer enabled").isEqualTo(8);
        assertThat(host.function.virtualFunctions()).isEmpty();
        number(3);
        assertThat(host.config(root + NUMBER, 2)).as("still to be chosen").isEqualTo(3);
        card.full = false;
        enable(true);
        assertThat(host.config(root + CONTROL, 2)).isEqualTo(9);
        assertThat(card.virtual).hasSize(3);
    }

    @Test
    void neighboursDoNotNotice() {
        host.up();
        number(2);
        enable(true);
        TestHost first = virtual(0).up();
        TestHost second = virtual(1).up();
        host.queues.take();
        second.queues.take();
        first.functionReset();
        assertThat(first.queues.running).isEmpty();
        assertThat(second.queues.running).hasSize(3);
        assertThat(host.queues.running).hasSize(3);
        first.up();
        enable(false);
        assertThat(host.queues.running).hasSize(3);
        assertThat(host.queues.take()).isEmpty();
        assertThat(host.queues.served).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noVirtualFunctionOutlivesAResetOfItsPhysicalOne(boolean byRegister) {
        number(2);
        enable(true);
        if (byRegister) {
            host.functionReset();
        } else {
            host.function.reset();
        }
        assertThat(card.virtual).isEmpty();
        assertThat(host.config(root + NUMBER, 2)).isZero();
        assertThat(host.config(root + CONTROL, 2)).isZero();
        enable(true);
        assertThat(card.virtual).as("none were asked for").isEmpty();
    }

    @Test
    void aResetOfTheDeviceLeavesThemAlone() {
        host.up();
        number(2);
        enable(true);
        host.status(0);
        assertThat(card.virtual).hasSize(2);
    }

    @Test
    void aVirtualFunctionsHeaderHasWhatIsItsOwn() {
        number(1);
        enable(true);
        TestHost one = virtual(0);
        assertThat(one.config(0, 4)).as("ids").isEqualTo(0xffff_ffffL);
        assertThat(one.config(8, 4)).as("revision and class").isEqualTo(0xff00_0001L);
        assertThat(one.config(0x2c, 4)).as("subsystem").isEqualTo(0x1100_1af4L);
        assertThat(one.config(0x3d, 1)).as("no pin").isZero();
        one.config(4, 2, 0xffff);
        assertThat(one.config(4, 2)).as("a bus master, and nothing else").isEqualTo(4);
        for (int at = 0x10; at < 0x28; at += 4) {
            one.config(at, 4, 0xffff_ffffL);
            assertThat(one.config(at, 4)).as("no BARs").isZero();
        }
        assertThat(one.function.interrupts(InterruptKind.INTX)).isZero();
        assertThat(TestHost.extended(one.function, 0xe)).isEqualTo(0x100);
        assertThat(TestHost.extended(one.function, 0x10)).isEqualTo(-1);
        assertThat(one.config(one.capability(TestHost.EXPRESS) + 4, 4) >> 28 & 1)
                .isEqualTo(1);
    }

    @Test
    void aVirtualFunctionInterruptsByItsOwnMessagesOnly() {
        number(2);
        enable(true);
        TestHost one = virtual(1).up();
        one.queues.used(0);
        assertThat(one.bus.take()).as("no pin").isEmpty();
        assertThat(one.config(TestHost.STATUS, 2) & 8).isZero();
        one.messages();
        one.common(CommonLayout.QUEUE_VECTOR, 2, 2);
        one.queues.used(2);
        assertThat(one.bus.take()).containsExactly("MSIX 2");
        assertThat(host.bus.take()).isEmpty();
        assertThat(virtual(0).bus.take()).isEmpty();
    }

    @Test
    void aFunctionThatIsGivenAwayAloneHasIdsAndBars() {
        TestHost one = new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder().kind(FunctionKind.ASSIGNED).build());
        assertThat(one.config(0, 4)).isEqualTo(0x1049_1af4L);
        one.config(0x10, 4, 0xffff_ffffL);
        assertThat(one.config(0x10, 4)).isEqualTo(0xffff_c000L);
        assertThat(one.function.interrupts(InterruptKind.INTX)).isZero();
        assertThat(one.config(0x3d, 1)).isZero();
        one.config(4, 2, 0xffff);
        assertThat(one.config(4, 2)).isEqualTo(0x146);
    }

    @Test
    void regionsOfVirtualFunctionsAreThoseThatTheirBarsName() {
        for (int i = 0; i < 6; i++) {
            host.config(root + BARS + 4 * i, 4, 0xffff_ffffL);
        }
        number(1);
        enable(true);
        TestHost one = virtual(0);
        assertThat(host.config(root + BARS, 4)).isEqualTo(0xffff_c000L);
        assertThat(one.function.region(RegionId.BAR0).bytes()).isEqualTo(0x4000);
        assertThat(host.config(root + BARS + 4, 4))
                .isEqualTo(-one.function.region(RegionId.BAR1).bytes() & 0xffff_ffffL);
        assertThat(host.config(root + BARS + 8, 8)).isEqualTo(0xffff_ffff_ffff_f004L);
    }

    @Test
    void theirBarsAreWholePagesOfTheSystem() {
        host.config(root + PAGES, 4, 0x10);
        host.config(root + BARS, 4, 0xffff_ffffL);
        assertThat(host.config(root + BARS, 4)).as("64 KiB").isEqualTo(0xffff_0000L);
        host.config(root + PAGES, 4, 0x11);
        assertThat(host.config(root + PAGES, 4)).as("one size").isEqualTo(0x10);
        host.function.reset();
        host.config(root + BARS, 4, 0xffff_ffffL);
        assertThat(host.config(root + BARS, 4)).isEqualTo(0xffff_c000L);
    }

    @Test
    void whatCannotBeIsRefused() {
        List<Bar> bars = VirtioPciFunction.bars(3, Card.TRAITS);
        assertThatThrownBy(() -> new VirtualFunctions(0, 0x1049, 8, 1, bars, card))
                .hasMessageContaining("0 virtual");
        assertThatThrownBy(() -> new VirtualFunctions(257, 0x1049, 8, 1, bars, card))
                .hasMessageContaining("257 virtual");
        assertThatThrownBy(() -> new VirtualFunctions(2, 0x1049, 0, 1, bars, card))
                .hasMessageContaining("at 0");
        assertThatThrownBy(() -> new TestHost(
                        new SampleDevice(),
                        VirtioPciTraits.builder()
                                .kind(FunctionKind.VIRTUAL)
                                .virtual(new VirtualFunctions(2, 0x1049, 8, 1, bars, card))
                                .build()))
                .hasMessageContaining("no virtual functions");
    }
}
