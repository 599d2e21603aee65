package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.EmulatedGuest;
import dev.cipu.bench.process.RunLength;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An emulated guest that drives QEMU's own devices. */
@Timeout(120)
class VmmStandPeerIT {
    private static final List<String> PEERS =
            List.of(System.getProperty("cipu.peers", "").split(",", -1));
    private static final RunLength SHORT = new RunLength(0.3, 0.5);

    @Test
    void aGuestUnderEmulationDoesEveryWork() throws IOException, InterruptedException {
        assumeTrue(PEERS.contains("qemu") && PEERS.contains("guest"), "QEMU or the guest image is not here");
        List<Integer> cpus = Affinity.allowed();
        EmulatedGuest guest = EmulatedGuest.of(
                List.of(EmulatedGuest.PROGRAM), Path.of(System.getProperty("cipu.cache", ""), "guest"));
        Work large = new Work("large", null, new Work.Requests("read", 1 << 21, 8));
        try (Children children = new Children()) {
            Stand stand = VmmStand.start(children, guest, cpus.getLast(), cpus.getFirst());
            assertThat(stand.refusal(large)).contains("no room");
            for (Work work : WorkFile.PRESET) {
                assertThat(stand.refusal(work)).isNull();
                Measured measured = stand.measure(work, SHORT, null, false);
                assertThat(measured.figures().get(Measured.OPS_RATE))
                        .as(work.name())
                        .isGreaterThan(100);
                assertThat(measured.figures().get(Measured.DRIVER_CPU))
                        .as(work.name())
                        .isPositive();
                assertThat(measured.figures().get(Measured.DEVICE_CPU))
                        .as(work.name())
                        .isPositive();
                assertThat(measured.figures().containsKey(Measured.PACKET_RATE)).isEqualTo(work.packets() != null);
                assertThat(measured.figures().containsKey(Measured.REQUEST_RATE))
                        .isEqualTo(work.requests() != null);
                assertThat(measured.packetCurve().isEmpty()).isEqualTo(work.packets() == null);
            }
        }
    }
}
