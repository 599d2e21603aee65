package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What happens to PCI functions of the card in the life of a machine, in one guest of QEMU 11: they are plugged in and pulled out by
 * the command line, lose their cable, grow, stop and sleep with the machine, and are pulled out under load with nobody being asked.
 */
@Timeout(400)
class FunctionLifePeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int ROUNDS = 3;
    private static final long DISK = 64L << 20;
    private static final long GROWN = 96L << 20;

    @TempDir
    private Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("guest", "qemu11");
    }

    private String at(String id) {
        return "id=" + id + ",socket=" + folder.resolve(id) + ",transport=vfio-user,doorbells=trapped";
    }

    /** A port for each function that comes: QEMU 11.1 cannot give one back. */
    private static String[] rootPorts() {
        List<String> options = new ArrayList<>();
        for (int i = 1; i <= ROUNDS; i++) {
            options.addAll(List.of("-device", "pcie-root-port,id=rpd" + i + ",chassis=" + 2 * i + ",slot=" + 2 * i));
            int odd = 2 * i + 1;
            options.addAll(List.of("-device", "pcie-root-port,id=rpn" + i + ",chassis=" + odd + ",slot=" + odd));
        }
        return options.toArray(String[]::new);
    }

    @Test
    void functionsComeAndGoChangeStopAndSleepWithTheirMachineAndVanish() throws Exception {
        Path image = Backend.image(folder, "disk.img", DISK);
        try (RunningCard card = RunningCard.serve(folder, "--blk", at("blk0") + ",store=mem:16M");
                Guest guest = Guest.running(folder, "life.sh")
                        .newer()
                        .function(folder.resolve("blk0"))
                        .with(rootPorts())
                        .variable("CYCLES", Integer.toString(ROUNDS))
                        .variable("GROWN", Long.toString(GROWN / 512))
                        .start()) {
            String monitor = guest.monitor().toString();
            long before = card.descriptors();
            for (int cycle = 1; cycle <= ROUNDS; cycle++) {
                guest.await("want-devices-" + cycle, LIMIT);
                // new names each time: this QEMU has the old ones until it ends
                String blk = "blk" + cycle;
                String net = "net" + cycle;
                String disk = at(blk) + ",store=file:" + image;
                assertThat(card.cipu(0, "attach", "blk", disk, "--qmp", monitor, "--bus", "rpd" + cycle))
                        .contains("ready blk " + blk + " " + folder.resolve(blk));
                assertThat(card.cipu(0, "attach", "net", at(net), "--qmp", monitor, "--bus", "rpn" + cycle))
                        .contains("ready net " + net + " " + folder.resolve(net));
                if (cycle == ROUNDS) {
                    break;
                }
                guest.await("pull-devices-" + cycle, LIMIT);
                // this QEMU would abort
                assertThat(card.cipu(1, "detach", blk, "--qmp", monitor))
                        .anyMatch(line -> line.contains("nothing was detached: detach " + blk + " without --qmp"));
                assertThat(card.cipu(0, "detach", blk)).containsExactly("detached " + blk);
                assertThat(card.cipu(0, "detach", net)).containsExactly("detached " + net);
                assertThat(card.cipu(0, "devices")).containsExactly("blk blk0 " + folder.resolve("blk0"));
                assertThat(folder.resolve(blk)).doesNotExist();
                assertThat(card.descriptors())
                        .as("open descriptors of the card: for each function a connection, which QEMU keeps")
                        .isLessThanOrEqualTo(before + 2L * cycle);
            }
            guest.await("cable-out", LIMIT);
            card.cipu(0, "link", "net" + ROUNDS, "down");
            guest.await("cable-in", LIMIT);
            card.cipu(0, "link", "net" + ROUNDS, "up");
            guest.await("disk-grows from " + DISK / 512, LIMIT);
            Backend.image(folder, "disk.img", GROWN);
            try (Qmp qmp = guest.control()) {
                guest.await("stop-me", LIMIT);
                for (int i = 0; i < 3; i++) {
                    qmp.run("{'execute': 'stop'}");
                    Thread.sleep(500);
                    qmp.run("{'execute': 'cont'}");
                    Thread.sleep(200);
                }
                guest.await("going-to-sleep", LIMIT);
                qmp.awaitEvent("SUSPEND");
                qmp.run("{'execute': 'system_wakeup'}");
                qmp.awaitEvent("WAKEUP");
                guest.await("pull-without-a-word", LIMIT);
                Thread.sleep(1_000);
                assertThat(card.cipu(0, "detach", "blk" + ROUNDS)).containsExactly("detached blk" + ROUNDS);
                assertThat(card.cipu(0, "detach", "net" + ROUNDS)).containsExactly("detached net" + ROUNDS);
            }
            List<String> results = guest.finish(LIMIT);
            assertThat(results).anyMatch(line -> line.matches(".*neighbour rounds=[1-9].*"));
            card.end();
        }
    }
}
