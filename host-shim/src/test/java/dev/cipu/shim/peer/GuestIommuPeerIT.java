package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Debian guest behind QEMU's Intel IOMMU, which maps each buffer for its request only and then takes the mapping back. */
@Timeout(400)
class GuestIommuPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final long DISK = 64L << 20;

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "guest", Peers.reference() ? "a card of ours" : "qemu");
    }

    @Test
    void aDiskVerifiesWhatItWasGiven() {
        try (Backend card = Backend.translated(folder, Backend.image(folder, "disk.img", DISK));
                Guest guest = Guest.running(folder, "iommu.sh")
                        .iommu()
                        .disk(card.socket(2), "num-queues=1,iommu_platform=on,ats=on,disable-legacy=on")
                        .start()) {
            assertThat(guest.finish(LIMIT)).anyMatch(line -> line.contains("vda platform=1 group=1"));
        }
    }

    @Test
    void aNetworkCardTalksToOneWithoutAnIommu() {
        try (Backend card = Backend.translated(folder, Backend.image(folder, "disk.img", DISK));
                Guest server = Guest.running(folder, "network.sh")
                        .network(card.socket(1), 1, 1, "")
                        .variable("ROLE", "server")
                        .start()) {
            server.await("serving", LIMIT);
            try (Guest client = Guest.running(folder, "iommu.sh")
                    .iommu()
                    .network(card.socket(0), 2, 1, "iommu_platform=on,ats=on,disable-legacy=on")
                    .variable("PEER", "192.168.77.1")
                    .start()) {
                List<String> results = client.finish(LIMIT);
                server.finish(LIMIT);
                assertThat(results).anyMatch(line -> line.contains("eth0 platform=1 group=1"));
            }
        }
    }
}
