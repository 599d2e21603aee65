package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest moves from one QEMU and one card to another while it writes to its disk, whose image both cards can reach. Pages that the
 * first card wrote into and did not log would be old ones in the second QEMU.
 */
@Timeout(300)
class MigrationPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "guest", Peers.reference() ? "a card of ours" : "qemu");
    }

    @Test
    void aGuestMovesUnderVerifiedWrites() throws IOException {
        move("num-queues=1");
    }

    private void move(String properties) throws IOException {
        Path image = Backend.image(folder, "disk.img", 64L << 20);
        Path there = Files.createDirectory(folder.resolve("there"));
        Path wire = folder.resolve("migration");
        try (Backend card = Backend.disks(folder, image);
                Backend other = Backend.disks(there, image);
                Guest guest = Guest.running(folder, "writes.sh")
                        .disk(card.socket(0), properties)
                        .start();
                Guest moved = Guest.running(there, "writes.sh")
                        .disk(other.socket(0), properties)
                        .incoming(wire)) {
            guest.await("io-started", LIMIT);
            guest.migrate(wire);
            assertThat(moved.finish(LIMIT)).anyMatch(line -> line.contains("verified-writes"));
            assertThat(other.counters()).contains("writes");
        }
    }
}
