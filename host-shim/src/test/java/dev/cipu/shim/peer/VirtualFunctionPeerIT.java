package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.CounterFile;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.SingleRootRegisters;
import dev.cipu.shim.vfio.client.VfioClient;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Virtual functions of the card and Linux guests under QEMU 11: what a guest sees of them, and guests that have one each. */
@Timeout(400)
class VirtualFunctionPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final String SERVER = "192.168.77.1";

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("guest", "qemu11");
    }

    private Path socket(String id) {
        return folder.resolve(id);
    }

    private CardAssembly card() {
        CardSpec spec = new CardSpecBuilder()
                .idle("test", "backoff")
                .stats(folder.resolve("counters"))
                .net(KeyValues.parse(
                        "net", "id=net,transport=vfio-user,vfs=4,vf-mac=52:54:00:00:10:00,socket=" + socket("net")))
                .blk(KeyValues.parse(
                        "blk",
                        "id=blk,transport=vfio-user,store=null:1M,vfs=2,vf-size=64M,serial=cipu,socket=" + socket("blk")
                                + ",vf-store=file:" + folder + "/vf%d.img"))
                .build();
        CardAssembly card = CardAssembly.start(spec);
        spec.devices().forEach(card::serve);
        return card;
    }

    private VfioClient physical(String id) {
        return VfioClient.connect(Peer.of(socket(id), ANSWER));
    }

    private static SingleRootRegisters root(VfioClient client) {
        return SingleRootRegisters.of(new PciRegisters(client));
    }

    private Guest.Builder guest(String script) {
        return Guest.running(folder, script).newer();
    }

    @Test
    void guestsHaveVirtualFunctionsOfTheirOwn() throws Exception {
        try (CardAssembly card = card();
                VfioClient net = physical("net");
                VfioClient blk = physical("blk")) {
            root(net).number(2);
            root(net).on(true);
            root(blk).number(1);
            root(blk).on(true);
            try (Guest server = guest("vf.sh")
                    .function(socket("net.vf0"))
                    .variable("ADDRESS", SERVER)
                    .variable("ROLE", "server")
                    .start()) {
                server.await("serving", LIMIT);
                try (Guest client = guest("vf.sh")
                        .function(socket("net.vf1"))
                        .function(socket("blk.vf0"))
                        .variable("ADDRESS", "192.168.77.2")
                        .variable("PEER", SERVER)
                        .start()) {
                    List<String> results = client.finish(LIMIT);
                    server.finish(LIMIT);
                    assertThat(results)
                            .anyMatch(line -> line.contains("net 52:54:00:00:10:01 device=0x1041"))
                            .anyMatch(line -> line.contains("sectors=131072 serial=cipu.vf0"))
                            .anyMatch(line -> line.contains("reset methods: flr"));
                }
            }
            assertThat(failures()).containsOnly(0L).hasSizeGreaterThanOrEqualTo(5);
            root(net).on(false);
            root(blk).on(false);
            assertThat(card.present()).extracting(DeviceSpec::id).containsExactly("net", "blk");
        }
    }

    @Test
    void aVirtualFunctionLivesInAGuestUntilItIsSwitchedOff() throws Exception {
        try (CardAssembly card = card();
                VfioClient net = physical("net");
                VfioClient blk = physical("blk")) {
            root(net).number(1);
            root(net).on(true);
            root(blk).number(1);
            root(blk).on(true);
            try (Guest guest = guest("vflife.sh")
                    .function(socket("net.vf0"))
                    .function(socket("blk.vf0"))
                    .variable("GROWN", Integer.toString(2 * 131072))
                    .start()) {
                guest.await("ready", LIMIT);
                card.link("net.vf0", false);
                guest.await("down", LIMIT);
                card.link("net.vf0", true);
                try (RandomAccessFile file =
                        new RandomAccessFile(folder.resolve("vf0.img").toFile(), "rw")) {
                    file.setLength(128 << 20);
                }
                card.refresh();
                guest.await("reading", LIMIT);
                root(blk).on(false);
                guest.await("gone=ok", LIMIT);
                guest.await("alive=ok", LIMIT);
            }
            root(net).on(false);
            assertThat(failures()).containsOnly(0L);
        }
    }

    private List<Long> failures() throws IOException {
        return CounterFile.read(folder.resolve("counters")).groups().stream()
                .filter(group -> group.owner().endsWith("/session"))
                .map(group -> group.values().getOrDefault("failed_sessions", -1L))
                .toList();
    }

    @Test
    void qemuHidesVirtualFunctionsFromAGuestAndGuardsThemNot() throws Exception {
        try (CardAssembly card = card()) {
            int at;
            try (VfioClient client = physical("net")) {
                at = root(client).at();
            }
            try (Guest guest = guest("virtual.sh")
                    .function(socket("net"))
                    .variable("AT", Integer.toString(at))
                    .start()) {
                guest.await("written", LIMIT);
                assertThat(card.present())
                        .as("what a guest writes reaches the card")
                        .extracting(DeviceSpec::id)
                        .containsExactly("net", "net.vf0", "net.vf1", "blk");
                assertThat(guest.finish(LIMIT))
                        .anyMatch(line -> line.contains("bytes=4096 capabilities: 0001 0003 "))
                        .anyMatch(line -> line.contains("files=0"))
                        .anyMatch(line -> line.contains("behind the back: 00010010 00040004"))
                        .anyMatch(line -> line.contains("written: 00000009 00000002"));
            }
            assertThat(Pause.until(() -> card.present().size() == 2, ANSWER))
                    .as("they go with the guest")
                    .isTrue();
        }
    }
}
