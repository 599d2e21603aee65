package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** libblkio, a block client with no virtual machine around it, through QEMU's tools. */
@Timeout(90)
class BlockClientPeerIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int DISK = 64 << 20;

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu11", "qemu-utils");
    }

    @Test
    void patternsAreReadBackAndZeroesToo() {
        try (Backend card = Backend.disks(folder, Backend.image(folder, "disk.img", DISK))) {
            String said = run(
                    "qemu-io",
                    "-c",
                    "write -P 0xa5 0 1M",
                    "-c",
                    "write -P 0x5a 4096 512",
                    "-c",
                    "read -P 0x5a 4096 512",
                    "-c",
                    "read -P 0xa5 8192 64k",
                    "-c",
                    "write -z 16k 64k",
                    "-c",
                    "read -P 0 16k 64k",
                    "-c",
                    "discard 0 1M",
                    "-c",
                    "flush",
                    "-c",
                    "aio_write -P 0x33 2M 1M",
                    "-c",
                    "aio_write -P 0x44 3M 1M",
                    "-c",
                    "aio_flush",
                    "-c",
                    "read -P 0x33 2M 1M",
                    "-c",
                    "read -P 0x44 3M 1M",
                    "-c",
                    "length",
                    "--image-opts",
                    device(card));
            assertThat(said)
                    .contains("64 MiB")
                    .doesNotContain("verification failed")
                    .doesNotContain("rror");
        }
    }

    @Test
    void anImageIsCopiedOntoTheDiskAndComparesEqual() throws IOException {
        byte[] content = new byte[DISK];
        new SplittableRandom(7).nextBytes(content);
        Path source = Files.write(folder.resolve("source.img"), content);
        Path image = Backend.image(folder, "disk.img", DISK);
        try (Backend card = Backend.disks(folder, image)) {
            run("qemu-img", "convert", "-n", "-f", "raw", "--target-image-opts", source.toString(), device(card));
            run("qemu-img", "compare", "--image-opts", "driver=file,filename=" + source, device(card));
        }
        assertThat(Files.mismatch(source, image)).isEqualTo(-1);
    }

    private static String device(Backend card) {
        return "driver=virtio-blk-vhost-user,cache.direct=on,path=" + card.socket(0);
    }

    private static String run(String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(Peers.newer().toString(), program));
        command.addAll(List.of(arguments));
        try (Child child = Child.start(program, command)) {
            int status = child.exit(LIMIT);
            String said = String.join("\n", child.lines());
            assertThat(status)
                    .as("exit status of %s; it said: %s", program, said)
                    .isZero();
            return said;
        }
    }
}
