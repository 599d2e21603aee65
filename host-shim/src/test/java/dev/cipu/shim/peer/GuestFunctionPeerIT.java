package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.EndpointSpec.Transport;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import dev.cipu.shim.posix.OpenDescriptors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Linux guests under QEMU 11, on whose PCI bus the card's devices sit as functions of the card's own. */
@Timeout(400)
class GuestFunctionPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String SERVER = "192.168.77.1";

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("guest", "qemu11");
    }

    /** Two network devices and a disk, each behind a socket of its own. */
    private static final class Functions implements AutoCloseable {
        private final Path folder;
        private final CardAssembly card;

        Functions(Path folder, IdlePolicy idle, Transport transport) {
            this.folder = folder;
            card = CardAssembly.start(new CardSpec(
                    List.of(0),
                    idle,
                    folder.resolve("counters"),
                    Map.of("disk", new StoreSpec.Memory(64 << 20)),
                    List.of(new SwitchSpec("sw0", SwitchSpec.Uplink.NONE)),
                    List.of(
                            new NetSpec("net0", at("net0", transport), "52:54:00:77:00:01", 1, 1500, "sw0"),
                            new NetSpec("net1", at("net1", transport), "52:54:00:77:00:02", 1, 1500, "sw0"),
                            new BlkSpec("blk0", at("blk0", transport), "disk", false, 1, "cipu0", 512))));
            card.spec().devices().forEach(card::serve);
        }

        private EndpointSpec at(String id, Transport transport) {
            return new EndpointSpec(EndpointSpec.Mode.SERVER, socket(id), -1, transport);
        }

        Path socket(String id) {
            return folder.resolve(id);
        }

        /** What was counted of a device's sessions. */
        long counted(String id, String name) {
            try {
                return CounterFile.read(card.counters()).groups().stream()
                        .filter(group -> group.owner().equals(id + "/session"))
                        .map(group -> group.values().getOrDefault(name, -1L))
                        .findFirst()
                        .orElse(-1L);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            card.close();
        }
    }

    private Guest.Builder guest(String script) {
        return Guest.running(folder, script).newer();
    }

    @Test
    void aGuestHasNetworkAndDiskOnItsBus() {
        try (Functions card = new Functions(folder, IdlePolicy.SLEEP, Transport.VFIO_USER_TRAPPED);
                Guest server = guest("function.sh")
                        .function(card.socket("net0"))
                        .variable("ADDRESS", SERVER)
                        .variable("ROLE", "server")
                        .start()) {
            server.await("serving", LIMIT);
            try (Guest client = guest("function.sh")
                    .function(card.socket("net1"))
                    .function(card.socket("blk0"))
                    .variable("ADDRESS", "192.168.77.2")
                    .variable("PEER", SERVER)
                    .start()) {
                List<String> results = client.finish(LIMIT);
                server.finish(LIMIT);
                assertThat(results)
                        .anyMatch(line -> line.contains("vendor=0x1af4 device=0x1041 packed=1 control=1"))
                        .anyMatch(line -> line.contains("vendor=0x1af4 device=0x1042 sectors=131072 serial=cipu0"))
                        .anyMatch(line -> line.contains("reset methods: flr"));
                assertClean(listed(results, "net"), "Ethernet controller: Red Hat, Inc. Virtio 1.0 network device", 4);
                assertClean(
                        listed(results, "blk"), "SCSI storage controller: Red Hat, Inc. Virtio 1.0 block device", 2);
            }
            for (String id : List.of("net0", "net1", "blk0")) {
                assertThat(card.counted(id, "failed_sessions")).isZero();
                assertThat(card.counted(id, "broken_queues")).isZero();
            }
        }
    }

    private static List<String> listed(List<String> results, String kind) {
        String mark = "RESULT lspci " + kind + " ";
        return results.stream()
                .filter(line -> line.startsWith(mark))
                .map(line -> line.substring(mark.length()).strip())
                .toList();
    }

    /** What {@code lspci -vvv} says in the guest: it understands all that there is, and the driver uses it. */
    private static void assertClean(List<String> lines, String name, int vectors) {
        assertThat(lines)
                .noneMatch(line -> line.contains("!!!"))
                .noneMatch(line -> line.contains("<access denied>"))
                .noneMatch(line -> line.contains("Unknown header"))
                .noneMatch(line -> line.contains("<chain looped>") || line.contains("<chain broken>"))
                .noneMatch(line -> line.contains("unassigned") || line.contains("[disabled]"))
                .anyMatch(line -> line.contains(name + " (rev 01)"))
                .anyMatch(line -> line.startsWith("Control:") && line.contains("Mem+ BusMaster+"))
                .anyMatch(line -> line.contains("MSI-X: Enable+ Count=" + vectors + " Masked-"))
                .anyMatch(line -> line.contains("Power Management version 3"))
                .anyMatch(line -> line.contains("Express (v2)"))
                .anyMatch(line -> line.contains("FLReset+"))
                .anyMatch(line -> line.contains("CorrErr- NonFatalErr- FatalErr- UnsupReq- AuxPwr- TransPend-"))
                .anyMatch(line -> line.endsWith("VirtIO: CommonCfg"))
                .anyMatch(line -> line.endsWith("VirtIO: Notify"))
                .anyMatch(line -> line.endsWith("VirtIO: ISR"))
                .anyMatch(line -> line.endsWith("VirtIO: DeviceCfg"))
                .anyMatch(line -> line.contains("Advanced Error Reporting"))
                .anyMatch(line -> line.contains("Device Serial Number "))
                .contains("Kernel driver in use: virtio-pci");
        // the window into configuration space, for which this lspci has no name
        assertThat(lines.stream().filter(line -> line.contains("<unknown>")))
                .singleElement()
                .asString()
                .endsWith("Vendor Specific Information: VirtIO: <unknown>");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingPassesOverTheSocketWhileDoorbellsAreMapped(boolean mapped) {
        try (Functions card = new Functions(
                        folder,
                        mapped ? IdlePolicy.BACKOFF : IdlePolicy.SLEEP,
                        mapped ? Transport.VFIO_USER : Transport.VFIO_USER_TRAPPED);
                Guest guest = guest("kicks.sh").function(card.socket("blk0")).start()) {
            guest.await("busy", LIMIT);
            long before = card.counted("blk0", "messages");
            guest.await("quiet", LIMIT);
            long passed = card.counted("blk0", "messages") - before;
            guest.finish(LIMIT);
            if (mapped) {
                assertThat(passed).isLessThan(10);
            } else {
                assertThat(passed).as("a message for each kick").isGreaterThan(100);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"VFIO_USER", "VFIO_USER_TRAPPED"})
    void aGuestThatSharesNoMemoryWritesAndReadsItsDisk(Transport transport) {
        try (Functions card = new Functions(folder, IdlePolicy.SLEEP, transport);
                Guest guest = guest("unshared.sh")
                        .unshared()
                        .function(card.socket("blk0"))
                        .start()) {
            List<String> results = guest.finish(LIMIT);
            assertThat(results).anyMatch(line -> line.contains("verified-writes=ok"));
            assertThat(card.counted("blk0", "failed_sessions")).isZero();
            assertThat(card.counted("blk0", "broken_queues")).isZero();
        }
    }

    @Test
    void fiftyMachinesThatAreKilledLeaveNothingBehind() throws Exception {
        try (Functions card = new Functions(folder, IdlePolicy.SLEEP, Transport.VFIO_USER)) {
            killOne(card);
            long before = settled();
            for (int round = 0; round < 50; round++) {
                killOne(card);
            }
            assertThat(settled()).isEqualTo(before);
            assertThat(OpenDescriptors.mappings("memfd:")).isZero();
            assertThat(card.counted("blk0", "sessions")).isEqualTo(51);
            try (Guest guest = guest("kicks.sh").function(card.socket("blk0")).start()) {
                guest.await("busy", LIMIT);
            }
            // killed in the middle of its requests, and the next one reads all the same
            try (Guest guest = guest("kicks.sh").function(card.socket("blk0")).start()) {
                guest.finish(LIMIT);
            }
        }
    }

    /** Ends a machine, as soon as it has found the function, before its guest runs. */
    private void killOne(Functions card) throws Exception {
        long sessions = card.counted("blk0", "sessions");
        long messages = card.counted("blk0", "messages");
        List<String> command = Qemu.command(true, 1, folder.resolve("qmp-killed"));
        command.addAll(List.of("-S", "-device", Guest.functionAt(card.socket("blk0"))));
        try (Child machine = Child.start("a machine", command)) {
            assertThat(eventually(() -> card.counted("blk0", "sessions") == sessions + 1
                            && card.counted("blk0", "messages") > messages + 40))
                    .as("it said: %s", machine.lines())
                    .isTrue();
            machine.kill();
        }
    }

    private static boolean eventually(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(2);
        }
        return true;
    }

    /** Open descriptors once the last session has closed its own. */
    private static long settled() throws Exception {
        long last = OpenDescriptors.count();
        for (int same = 0; same < 20; same++) {
            Thread.sleep(10);
            long now = OpenDescriptors.count();
            if (now != last) {
                last = now;
                same = 0;
            }
        }
        return last;
    }
}
