package dev.cipu.shim.conform;

import static dev.cipu.shim.conform.LyingFunction.capability;
import static dev.cipu.shim.conform.LyingFunction.reading;
import static dev.cipu.shim.conform.LyingFunction.writing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.Msix;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.PciHost;
import dev.cipu.device.pci.RegionId;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Requirement;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The card's own functions, which pass, and functions with one fault each, which are found out. */
@Timeout(120)
class PciConformanceTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final RegionId CONFIG = RegionId.CONFIG;
    private static final RegionId BAR = LyingFunction.BAR;

    /** Where the card has its structures. */
    private static final int ISR = 0x1000;

    private static final int DEVICE = 0x2000;

    /** Reasons that are the function's own choice. */
    private static final String REASONS = ".*(is offered|not offered|no shared memory|no vendor data|seen from outside"
            + "|no field of 64 bits|has no way to change it).*";

    @TempDir
    Path folder;

    private static Set<String> ids() {
        Set<String> ids = new LinkedHashSet<>();
        PciConformance.checks().forEach(check -> ids.addAll(check.ids()));
        return ids;
    }

    @Test
    void everyDemandOfPciHasOneCheck() {
        List<String> ids = PciConformance.checks().stream()
                .flatMap(check -> check.ids().stream())
                .toList();
        assertThat(ids).doesNotHaveDuplicates();
        ids.forEach(id -> assertThat(Demands.of(id).text()).isNotBlank());
        assertThat(ids)
                .containsAll(Requirement.all().stream()
                        .map(Requirement::id)
                        .filter(id -> id.startsWith("PC-"))
                        .toList());
    }

    private static void assertConforms(PciCard card, int least) {
        ConformReport report = card.run(Set.of());
        assertThat(report.results())
                .filteredOn(result -> result.verdict() == Verdict.FAIL)
                .isEmpty();
        assertThat(report.results())
                .filteredOn(result -> result.verdict() == Verdict.SKIP)
                .extracting(CheckResult::seen)
                .allMatch(why -> why.matches(REASONS));
        assertThat(report.passed()).isGreaterThanOrEqualTo(least);
        assertThat(report.results()).hasSize(ids().size());
        assertThat(report.protocol()).isEqualTo("vfio-user 0.1");
    }

    @Test
    void theCardsDiskConforms() {
        try (PciCard card = PciCard.blk(folder, UnaryOperator.identity(), LONG)) {
            assertConforms(card, 55);
        }
    }

    @Test
    void theCardsNetworkDeviceConforms() {
        try (PciCard card = PciCard.net(folder, UnaryOperator.identity(), LONG)) {
            assertConforms(card, 53);
        }
    }

    /** A fault and the ids, of those examined, under which it must be reported. */
    record Fault(String name, Set<String> ids, UnaryOperator<PciFunction> made) {
        static Fault of(String name, UnaryOperator<PciFunction> made, String... ids) {
            return new Fault(name, Set.of(ids), made);
        }

        @Override
        public String toString() {
            return name + " " + ids;
        }
    }

    private static UnaryOperator<PciFunction> both(UnaryOperator<PciFunction> one, UnaryOperator<PciFunction> two) {
        return sound -> two.apply(one.apply(sound));
    }

    static Stream<Fault> faults() {
        return Stream.of(identity(), capabilities(), shortDoorbells(), registers(), resets(), interrupts())
                .flatMap(List::stream);
    }

    private static List<Fault> identity() {
        AtomicLong turns = new AtomicLong();
        return List.of(
                Fault.of("vendor", reading(CONFIG, HeaderLayout.VENDOR, 2, _ -> 0x1234), "PC-002"),
                Fault.of("device", reading(CONFIG, HeaderLayout.DEVICE, 2, _ -> 0x1090), "PC-003", "PC-005"),
                Fault.of("revision", reading(CONFIG, HeaderLayout.REVISION, 1, _ -> 0), "PC-006"),
                Fault.of("subsystem", reading(CONFIG, HeaderLayout.SUBSYSTEM, 2, _ -> 2), "PC-007"),
                Fault.of("BAR larger", reading(CONFIG, HeaderLayout.BARS, 4, is -> is << 1), "PC-001"),
                Fault.of("header type", reading(CONFIG, 0x0e, 1, _ -> 1), "PC-001"),
                Fault.of(
                        "list in a circle",
                        capability(StructureCapabilities.WINDOW, 1, _ -> CapabilityChain.FIRST),
                        "PC-001"),
                Fault.of(
                        "no function-level reset",
                        sound -> new LyingFunction(sound) {
                            @Override
                            public void write(RegionId region, long offset, byte[] src) {
                                boolean asks =
                                        region == CONFIG && src.length == 2 && (src[1] & 0x80) != 0 && offset > 0x40;
                                super.write(region, offset, asks ? new byte[] {src[0], 0} : src);
                            }
                        },
                        "PC-001"),
                Fault.of(
                        "half of the capacity by turns",
                        reading(BAR, DEVICE + 4, 4, is -> is + turns.getAndIncrement()),
                        "PC-008"));
    }

    private static List<Fault> capabilities() {
        UnaryOperator<PciFunction> vendor = both(
                capability(StructureCapabilities.WINDOW, StructureCapabilities.BAR, _ -> 0xf4),
                sound -> reading(
                                CONFIG,
                                LyingFunction.find(sound, StructureCapabilities.WINDOW) + StructureCapabilities.TYPE,
                                1,
                                _ -> StructureCapabilities.VENDOR_DATA)
                        .apply(sound));
        AtomicLong clock = new AtomicLong();
        return List.of(
                Fault.of(
                        "short",
                        capability(StructureCapabilities.ISR, StructureCapabilities.LENGTH, _ -> 12),
                        "PC-009"),
                Fault.of(
                        "over the next",
                        capability(StructureCapabilities.COMMON, StructureCapabilities.LENGTH, _ -> 32),
                        "PC-009"),
                Fault.of(
                        "the worse of two first",
                        both(
                                capability(
                                        StructureCapabilities.COMMON,
                                        StructureCapabilities.STRUCTURE_OFFSET + 2,
                                        _ -> 0x7f),
                                capability(
                                        StructureCapabilities.ISR,
                                        StructureCapabilities.TYPE,
                                        _ -> StructureCapabilities.COMMON)),
                        "PC-011"),
                Fault.of(
                        "common",
                        capability(StructureCapabilities.COMMON, StructureCapabilities.STRUCTURE_OFFSET, _ -> 2),
                        "PC-012"),
                past("common past its BAR", StructureCapabilities.COMMON, "PC-013"),
                past("doorbells past their BAR", StructureCapabilities.NOTIFY, "PC-030"),
                past("ISR past its BAR", StructureCapabilities.ISR, "PC-039"),
                past("configuration past its BAR", StructureCapabilities.DEVICE, "PC-044"),
                Fault.of(
                        "configuration",
                        capability(StructureCapabilities.DEVICE, StructureCapabilities.STRUCTURE_OFFSET, _ -> 2),
                        "PC-045"),
                Fault.of(
                        "no common",
                        capability(StructureCapabilities.COMMON, StructureCapabilities.TYPE, _ -> 99),
                        "PC-013"),
                Fault.of(
                        "doorbell at 1",
                        capability(StructureCapabilities.NOTIFY, StructureCapabilities.STRUCTURE_OFFSET, _ -> 1),
                        "PC-036"),
                Fault.of(
                        "multiplier",
                        capability(StructureCapabilities.NOTIFY, StructureCapabilities.BYTES, _ -> 6),
                        "PC-035"),
                Fault.of("few doorbells", fewDoorbells(), "PC-037", "PC-038"),
                Fault.of(
                        "shared memory",
                        capability(StructureCapabilities.WINDOW, StructureCapabilities.TYPE, _ -> 8),
                        "PC-046"),
                Fault.of(
                        "shared twice",
                        both(
                                capability(StructureCapabilities.WINDOW, StructureCapabilities.TYPE, _ -> 8),
                                capability(StructureCapabilities.ISR, StructureCapabilities.TYPE, _ -> 8)),
                        "PC-047"),
                Fault.of(
                        "vendor of virtio",
                        both(capability(StructureCapabilities.WINDOW, StructureCapabilities.ID, _ -> 0x1a), vendor),
                        "PC-050"),
                Fault.of(
                        "odd vendor data",
                        both(capability(StructureCapabilities.WINDOW, StructureCapabilities.LENGTH, _ -> 18), vendor),
                        "PC-051"),
                Fault.of(
                        "vendor data that counts",
                        both(
                                capability(
                                        StructureCapabilities.WINDOW,
                                        StructureCapabilities.BYTES,
                                        _ -> clock.incrementAndGet() & 0xff),
                                vendor),
                        "PC-052"),
                Fault.of(
                        "no window",
                        capability(StructureCapabilities.WINDOW, StructureCapabilities.TYPE, _ -> 99),
                        "PC-053"),
                Fault.of(
                        "window shut",
                        sound -> writing(
                                        CONFIG,
                                        LyingFunction.find(sound, StructureCapabilities.WINDOW)
                                                + StructureCapabilities.BYTES,
                                        _ -> -1)
                                .apply(sound),
                        "PC-054"),
                Fault.of(
                        "window blind",
                        capability(StructureCapabilities.WINDOW, StructureCapabilities.BYTES, is -> is ^ 0x10),
                        "PC-055"));
    }

    /** Of a function that knows no notification data, whose doorbells have two bytes. */
    private static List<Fault> shortDoorbells() {
        return List.of(
                shortDoorbells(
                        "short doorbells at 1",
                        capability(StructureCapabilities.NOTIFY, StructureCapabilities.STRUCTURE_OFFSET, _ -> 1),
                        "PC-031"),
                shortDoorbells(
                        "multiplier of short doorbells",
                        capability(StructureCapabilities.NOTIFY, StructureCapabilities.BYTES, _ -> 6),
                        "PC-032"),
                shortDoorbells("few short doorbells", fewDoorbells(), "PC-033", "PC-034"));
    }

    private static Fault shortDoorbells(String name, UnaryOperator<PciFunction> fault, String... ids) {
        long offered = 1L << (RingFeature.NOTIFICATION_DATA - Integer.SIZE);
        return Fault.of(name, both(fault, secondWord(is -> is & ~offered)), ids);
    }

    private static UnaryOperator<PciFunction> fewDoorbells() {
        return both(
                capability(StructureCapabilities.NOTIFY, StructureCapabilities.STRUCTURE_LENGTH, _ -> 4),
                capability(StructureCapabilities.NOTIFY, StructureCapabilities.STRUCTURE_LENGTH + 1, _ -> 0));
    }

    private static Fault past(String name, int type, String id) {
        return Fault.of(name, capability(type, StructureCapabilities.STRUCTURE_OFFSET + 2, _ -> 0x7f), id);
    }

    private static List<Fault> registers() {
        AtomicLong generation = new AtomicLong();
        return List.of(
                Fault.of(
                        "features that echo",
                        writing(BAR, CommonLayout.DEVICE_FEATURE_SELECT, select -> select & 3),
                        "PC-014"),
                Fault.of(
                        "accepted features that echo",
                        writing(BAR, CommonLayout.DRIVER_FEATURE_SELECT, select -> select & 3),
                        "PC-015"),
                Fault.of("features not taken", reading(BAR, CommonLayout.DRIVER_FEATURE, 4, _ -> 0), "PC-015"),
                Fault.of("generation stands", reading(BAR, CommonLayout.GENERATION, 1, _ -> 7), "PC-017"),
                Fault.of(
                        "generation runs",
                        reading(BAR, CommonLayout.GENERATION, 1, _ -> generation.incrementAndGet() & 0xff),
                        "PC-017"),
                Fault.of(
                        "a queue too many",
                        reading(BAR, CommonLayout.QUEUE_SIZE, 2, is -> is == 0 ? 64 : is),
                        "PC-026"),
                Fault.of("a size", reading(BAR, CommonLayout.QUEUE_SIZE, 2, is -> is == 0 ? 0 : 1000), "PC-027"),
                Fault.of("admin queues first", admin(0, 1), "PC-028"),
                Fault.of("many admin queues", admin(5, 0xffff), "PC-029"));
    }

    /** Offers admin queues as they should not be. */
    private static UnaryOperator<PciFunction> admin(int index, int queues) {
        long bit = 1L << (RingFeature.ADMIN_VQ - Integer.SIZE);
        return both(
                secondWord(is -> is | bit),
                both(
                        reading(BAR, CommonLayout.ADMIN_INDEX, 2, _ -> index),
                        reading(BAR, CommonLayout.ADMIN_QUEUES, 2, _ -> queues)));
    }

    /** Another word of offered features from bit 32 on. */
    private static UnaryOperator<PciFunction> secondWord(LyingFunction.Lie lie) {
        AtomicLong select = new AtomicLong();
        return both(
                writing(BAR, CommonLayout.DEVICE_FEATURE_SELECT, value -> {
                    select.set(value);
                    return value;
                }),
                reading(BAR, CommonLayout.DEVICE_FEATURE, 4, is -> select.get() == 1 ? lie.tell(is) : is));
    }

    private static List<Fault> resets() {
        return List.of(
                Fault.of(
                        "no reset",
                        writing(BAR, CommonLayout.STATUS, value -> value == 0 ? -1 : value),
                        "PC-018",
                        "PC-019",
                        "PC-020",
                        "PC-062"),
                Fault.of("status that stays", reading(BAR, CommonLayout.STATUS, 1, is -> is | 1), "PC-019"),
                Fault.of("queue_enable that stays", stays(CommonLayout.QUEUE_ENABLE, 1), "PC-020"),
                Fault.of("queue_enable that is never 1", reading(BAR, CommonLayout.QUEUE_ENABLE, 2, _ -> 0), "PC-020"),
                Fault.of("queue_reset that stays", stays(CommonLayout.QUEUE_RESET, 1), "PC-021"),
                Fault.of(
                        "queue_reset after queue_enable",
                        reading(BAR, CommonLayout.QUEUE_RESET, 2, _ -> 1),
                        "PC-022",
                        "PC-025"),
                Fault.of("queue_reset unheard", writing(BAR, CommonLayout.QUEUE_RESET, _ -> -1), "PC-023", "PC-025"),
                Fault.of("queue_reset 2", reading(BAR, CommonLayout.QUEUE_RESET, 2, _ -> 2), "PC-024"),
                Fault.of("vectors that stay", stays(CommonLayout.QUEUE_VECTOR, 0), "PC-062"),
                Fault.of(
                        "no reset by command",
                        sound -> new LyingFunction(sound) {
                            @Override
                            public void reset() {
                                // as if it had been done
                            }
                        },
                        "VF-003"));
    }

    /** Once a register was written with a value it reads so for ever. */
    private static UnaryOperator<PciFunction> stays(int register, long value) {
        AtomicLong kept = new AtomicLong(-1);
        return both(
                writing(BAR, register, written -> {
                    if (written == value) {
                        kept.set(value);
                    }
                    return written;
                }),
                reading(BAR, register, 2, is -> kept.get() < 0 ? is : kept.get()));
    }

    private static List<Fault> interrupts() {
        AtomicLong written = new AtomicLong();
        return List.of(
                Fault.of("ISR without changes", reading(BAR, ISR, 1, is -> is & 1), "PC-040"),
                Fault.of("ISR without queues", reading(BAR, ISR, 1, is -> is & 2), "PC-041"),
                Fault.of("no Interrupt Status", reading(CONFIG, HeaderLayout.STATUS, 2, is -> is & ~8), "PC-042"),
                Fault.of("ISR that stays", reading(BAR, ISR, 1, _ -> 1), "PC-043"),
                Fault.of("one vector", msix(_ -> 0), "PC-056", "PC-057"),
                Fault.of("a vector too many", msix(is -> is + 1), "PC-057"),
                Fault.of(
                        "no mapping works",
                        both(
                                writing(BAR, CommonLayout.QUEUE_VECTOR, _ -> CommonLayout.NO_VECTOR),
                                writing(BAR, CommonLayout.CONFIG_VECTOR, _ -> CommonLayout.NO_VECTOR)),
                        "PC-059",
                        "PC-063"),
                Fault.of("cannot be unmapped", reading(BAR, CommonLayout.QUEUE_VECTOR, 2, _ -> 0), "PC-060", "PC-061"),
                Fault.of(
                        "vectors that are not mapped read back",
                        both(
                                writing(BAR, CommonLayout.QUEUE_VECTOR, value -> {
                                    written.set(value);
                                    return value;
                                }),
                                reading(BAR, CommonLayout.QUEUE_VECTOR, 2, _ -> written.get())),
                        "PC-064"),
                Fault.of(
                        "all by vector 0",
                        sound -> new LyingFunction(sound) {
                            @Override
                            public void connect(PciHost host) {
                                super.connect((kind, _) -> host.interrupt(kind, 0));
                            }
                        },
                        "PC-059"),
                Fault.of("a queue that is never silent", loud(CommonLayout.QUEUE_VECTOR), "PC-065"),
                Fault.of("changes that are never silent", loud(CommonLayout.CONFIG_VECTOR), "PC-066"),
                Fault.of("deaf", writing(RegionId.BAR2, 0, _ -> -1), "VF-001", "VF-002"));
    }

    private static UnaryOperator<PciFunction> loud(int register) {
        return writing(BAR, register, value -> value == CommonLayout.NO_VECTOR ? 0 : value);
    }

    /** What the MSI-X control says of the table. */
    private static UnaryOperator<PciFunction> msix(LyingFunction.Lie lie) {
        return sound -> {
            byte[] config = new byte[256];
            sound.read(CONFIG, 0, config);
            int at = config[HeaderLayout.CAPABILITIES];
            while (config[at] != Msix.ID) {
                at = Byte.toUnsignedInt(config[at + 1]);
            }
            return reading(CONFIG, at + Msix.CONTROL, 2, lie).apply(sound);
        };
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultIsFound(Fault fault) {
        try (PciCard card = PciCard.blk(folder, fault.made(), SHORT)) {
            Set<String> failed = new LinkedHashSet<>();
            PciConformance.of(card.peer(), DeviceKind.BLK, fault.ids()).run(result -> {}).results().stream()
                    .filter(result -> result.verdict() == Verdict.FAIL)
                    .forEach(result -> failed.add(result.id()));
            assertThat(failed).containsExactlyInAnyOrderElementsOf(fault.ids());
        }
    }

    @Test
    void aTypeThatCannotBeToldIsAskedFor() {
        try (PciCard card = PciCard.blk(folder, reading(CONFIG, HeaderLayout.DEVICE, 2, _ -> 0x1090), SHORT)) {
            assertThatThrownBy(() -> card.run(Set.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("0x1090", "--type");
            assertThatThrownBy(() -> PciConformance.of(card.peer(), DeviceKind.BLK, Set.of("SR-001")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("SR-001");
        }
    }

    @Test
    void aBackEndIsNoServer() {
        Peer peer = Peer.of(folder.resolve("s"), SHORT);
        try (ScriptedBackEnd _ = new ScriptedBackEnd(
                peer.socket(), FeatureSet.of(RingFeature.VERSION_1), 0, new byte[0], (_, _, _) -> 0)) {
            assertThatThrownBy(() -> PciConformance.of(peer, null, Set.of()))
                    .isInstanceOf(LinkException.class)
                    .hasMessageContaining("is no vfio-user server")
                    .hasMessageNotContaining("\n");
        }
        assertThatThrownBy(() -> PciConformance.of(Peer.of(folder.resolve("no"), SHORT), null, Set.of()))
                .isInstanceOf(LinkException.class)
                .hasMessageContaining("nobody serves");
    }
}
