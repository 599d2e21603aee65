package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices that the command line puts into a running card and a running guest, and takes out again. */
@Timeout(600)
class HotplugPeerIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final int ROUNDS = 5;

    @TempDir
    private Path folder;

    @BeforeEach
    void requirePeers() {
        Peers.require("qemu", "guest");
    }

    private Guest.Builder guest(String script) {
        return Guest.running(folder, script)
                .with("-device", "pcie-root-port,id=rp0,chassis=1,slot=1")
                .with("-device", "pcie-root-port,id=rp1,chassis=2,slot=2");
    }

    /** The guest uses both each time; nothing piles up in the card. */
    @Test
    void aDiskAndANetworkComeAndGo() throws Exception {
        String disk = "id=d,socket=" + folder.resolve("d") + ",store=mem:64M,queues=1";
        String network = "id=n,socket=" + folder.resolve("n");
        try (RunningCard card = RunningCard.serve(folder);
                Guest guest = guest("comings.sh")
                        .variable("CYCLES", Integer.toString(ROUNDS))
                        .start()) {
            String monitor = guest.monitor().toString();
            long first = 0;
            for (int cycle = 1; cycle <= ROUNDS; cycle++) {
                guest.await("want-devices-" + cycle, LIMIT);
                assertThat(card.cipu(0, "attach", "blk", disk, "--qmp", monitor, "--bus", "rp0"))
                        .contains("ready blk d " + folder.resolve("d"));
                assertThat(card.cipu(0, "attach", "net", network, "--qmp", monitor, "--bus", "rp1"))
                        .contains("ready net n " + folder.resolve("n"));
                guest.await("pull-devices-" + cycle, LIMIT);
                card.cipu(0, "detach", "d", "--qmp", monitor);
                card.cipu(0, "detach", "n", "--qmp", monitor);
                assertThat(card.cipu(0, "devices")).isEmpty();
                assertThat(folder.resolve("d")).doesNotExist();
                if (cycle == 1) {
                    first = card.descriptors();
                }
            }
            assertThat(card.descriptors()).as("open descriptors of the card").isLessThanOrEqualTo(first + 1);
            guest.finish(LIMIT);
            card.end();
        }
    }

    /** QEMU says no: the card has nothing of it, and the guest neither. */
    @Test
    void whatQemuRefusesIsTakenBack() throws Exception {
        String network = "id=n,socket=" + folder.resolve("n");
        try (RunningCard card = RunningCard.serve(folder);
                Guest guest = guest("comings.sh").variable("CYCLES", "1").start()) {
            String monitor = guest.monitor().toString();
            guest.await("want-devices-1", LIMIT);
            assertThat(card.cipu(1, "attach", "net", network, "--qmp", monitor, "--bus", "rp9"))
                    .anyMatch(line -> line.startsWith("cipu: QEMU did not take n: device_add: "));
            assertThat(card.cipu(0, "devices")).isEmpty();
            assertThat(folder.resolve("n")).doesNotExist();
            card.cipu(0, "attach", "net", network, "--qmp", monitor, "--bus", "rp1");
            card.cipu(3, "attach", "net", "socket=" + folder.resolve("m"), "--qmp", folder + "/no");
            assertThat(card.cipu(0, "devices")).containsExactly("net n " + folder.resolve("n"));
            card.end();
        }
    }

    /** A disk vanishes under load; the one beside it serves its guest to the end. */
    @Test
    void aSurpriseRemovalDisturbsNoNeighbour() throws Exception {
        Path kept = folder.resolve("kept");
        Path lost = folder.resolve("lost");
        try (RunningCard card = RunningCard.serve(
                        folder,
                        "--blk",
                        "id=kept,socket=" + kept + ",store=mem:64M",
                        "--blk",
                        "id=lost,socket=" + lost + ",store=mem:64M");
                Guest guest = Guest.running(folder, "surprise.sh")
                        .disk(kept, "num-queues=1")
                        .disk(lost, "num-queues=1")
                        .start()) {
            guest.await("io-started", LIMIT);
            Thread.sleep(1_000);
            assertThat(card.cipu(0, "detach", "lost")).containsExactly("detached lost");
            assertThat(lost).doesNotExist();
            guest.finish(LIMIT);
            card.end();
        }
    }
}
