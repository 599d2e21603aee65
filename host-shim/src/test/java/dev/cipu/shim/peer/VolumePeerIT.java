package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A container's volume: the card's disk as a file, by way of QEMU's storage daemon and FUSE. */
@Timeout(120)
class VolumePeerIT {
    private static final int BYTES = 16 << 20;

    @TempDir
    private Path folder;

    @BeforeEach
    void requirePeers() throws IOException {
        Peers.require("qemu11");
        assumeTrue(
                "root".equals(Files.getOwner(Path.of("/proc/self")).getName()) && Files.exists(Path.of("/dev/fuse")),
                "no root, or no /dev/fuse: nothing here to mount with");
    }

    /** What is written to the file is in the card's store, and the other way round. */
    @Test
    void aDiskOfTheCardIsAFile() throws Exception {
        Path image = Backend.image(folder, "volume.img", BYTES);
        Path file = Files.createFile(folder.resolve("volume.raw"));
        byte[] pattern = new byte[1 << 20];
        new Random(7).nextBytes(pattern);
        try (Backend card = Backend.disk(folder, image, "")) {
            try (Child daemon = Child.start("the storage daemon", daemon(card.socket(0), file))) {
                long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
                while (Files.size(file) != BYTES) {
                    assertThat(daemon.isAlive() && System.nanoTime() < end)
                            .as("%s", daemon.lines())
                            .isTrue();
                    Thread.sleep(20);
                }
                try (FileChannel volume = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    volume.write(ByteBuffer.wrap(pattern), 4 << 20);
                    volume.force(true);
                }
                daemon.terminate(Duration.ofSeconds(10));
            }
            assertThat(card.counters()).contains("writes");
        }
        try (FileChannel store = FileChannel.open(image, StandardOpenOption.READ)) {
            ByteBuffer back = ByteBuffer.allocate(pattern.length);
            while (back.hasRemaining() && store.read(back, (4 << 20) + back.position()) > 0) {}
            assertThat(back.array()).isEqualTo(pattern);
        }
    }

    private static List<String> daemon(Path socket, Path file) {
        return List.of(
                Peers.newer().toString(),
                "qemu-storage-daemon",
                "--blockdev",
                "driver=virtio-blk-vhost-user,node-name=v,cache.direct=on,path=" + socket,
                "--export",
                "type=fuse,id=f,node-name=v,writable=on,mountpoint=" + file);
    }
}
