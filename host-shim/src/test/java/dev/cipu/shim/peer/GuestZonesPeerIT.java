package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Linux uses zones of the card. QEMU's vhost-user-blk does not pass the feature on, so the guest reaches the disk through the
 * device of QEMU 11 that passes on everything; and the kernel of the other tests is older than virtio's zones.
 */
@Timeout(180)
class GuestZonesPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int ZONES = 64;
    private static final int CONVENTIONAL = 4;

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu11", "guest", "zoned");
    }

    @Test
    void linuxReportsWritesClosesFinishesAndResetsZones() throws IOException {
        Path image = Backend.image(folder, "zones.img", (long) ZONES << 20);
        String options = ",zoned=host-managed,zone-size=1M,zones-conventional=" + CONVENTIONAL
                + ",max-open=4,max-active=8,block-size=4096";
        try (Backend card = Backend.disk(folder, image, options);
                Guest guest = Guest.running(folder, "zones.sh")
                        .zoned()
                        .variable("CONVENTIONAL", Integer.toString(CONVENTIONAL))
                        .anyDisk(card.socket(0))
                        .start()) {
            assertThat(guest.finish(LIMIT))
                    .anyMatch(line -> line.contains(
                            "zoned=host-managed zones=" + ZONES + " chunk=2048 open=4 active=8 append=1048576"))
                    .anyMatch(line -> line.contains("reported=" + ZONES + " conventional=" + CONVENTIONAL));
        }
        // state and pointer of the zone that was written last are beside the image: closed or open, 128 sectors
        ByteBuffer zones = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("zones.img.zones")))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(zones.getLong(64 + 19 * 8) >>> 8).isEqualTo(128);
        assertThat(zones.getLong(64 + 18 * 8) >>> 8).isZero();
    }

    @Test
    void aHostAwareDiskIsAPlainDiskForADriverThatKnowsNoZones() {
        Path image = Backend.image(folder, "aware.img", 64L << 20);
        String options = ",zoned=host-aware,zone-size=1M,queues=2";
        try (Backend card = Backend.disk(folder, image, options);
                Guest guest = Guest.running(folder, "disks.sh")
                        .newer()
                        .variable("LAST", "a")
                        .disk(card.socket(0), "num-queues=2")
                        .start()) {
            List<String> results = guest.finish(LIMIT);
            assertThat(results).anyMatch(line -> line.contains("vda indirect=1"));
        }
    }
}
