package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

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
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    @BeforeEach
    void requirePeers() throws IOException {
        Peers.require("qemu11");
        PrivateHost.require();
    }

    /** As {@code docs/recipes.md} has it, from a card without a device and back to it. */
    @Test
    void aContainerMountsAVolumeOfTheCardWhereNobodyElseSeesIt() throws Exception {
        Page page = Page.read("recipes.md");
        try (PrivateHost host = PrivateHost.open(folder)) {
            host.beginWith(Page.read("topology.md").commands("What it takes", 0));
            try (Child card = host.start("the card", page.commands("A card that begins empty", 0))) {
                card.await("ready control", LIMIT);
                host.run(page.commands("A container: volume", 0));
                try (Child shell = host.start("the container", page.commands("A container: volume", 1))) {
                    Console container = new Console(shell);
                    container.run(page.commands("A container: volume", 2));
                    assertThat(container.ask("grep -c ' /mnt ext4 ' /proc/mounts"))
                            .isEqualTo("1");
                    host.run("! grep ' /mnt ' /proc/mounts");
                    container.run("head -c 3000000 /dev/urandom >/mnt/file");
                    String sum = container.ask("md5sum </mnt/file");
                    container.run("exit");
                    assertThat(shell.exit(LIMIT)).isZero();

                    host.run(page.commands("Taking things out", 0));
                    assertThat(host.run("cipu devices --control /run/cipu/card"))
                            .isEmpty();
                    host.run("e2fsck -f -n /srv/vol.img");
                    assertThat(host.run("debugfs -R 'cat /file' /srv/vol.img 2>/dev/null | md5sum"))
                            .as("what is in the card's store")
                            .containsExactly(sum);
                }
                PrivateHost.end(card);
            }
        }
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
