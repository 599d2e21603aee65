package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code kill -9} of a card under verified writes, twice, while {@code cipu drive} stays and connects again. Every write that was
 * acknowledged must be read back, every request in flight must be completed once: the driver counts and compares.
 */
@Timeout(120)
class CardRestartIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "--interrupt",
                "--core=1",
                "--interrupt --packed --queue-size 300",
                "--core=1 --packed --queue-size 97 --no-event-idx",
                "--core=1 --packed --indirect"
            })
    void acknowledgedWritesSurviveAndNothingHangs(String mode) throws Exception {
        Path image = Backend.image(folder, "disk.img", 32L << 20);
        Path socket = folder.resolve("disk.sock");
        CardProcess card = card(image, socket);
        List<String> drive =
                new ArrayList<>(CardProcess.command("drive", "blk", "--socket", socket.toString(), "--verify"));
        drive.addAll(List.of(
                "--rw",
                "randwrite",
                "--depth",
                "32",
                "--queues",
                "2",
                "--seconds",
                "6",
                "--reconnect",
                "--timeout",
                "40"));
        drive.addAll(List.of(mode.split(" ")));
        try (Child driver = Child.start("the driver", drive)) {
            for (int death = 0; death < 2; death++) {
                awaitWrites(image);
                Thread.sleep(500);
                card.kill();
                Thread.sleep(300);
                card = card(image, socket);
            }
            int status = driver.exit(LIMIT);
            assertThat(status).as("the driver said: %s", driver.lines()).isZero();
            assertThat(driver.lines())
                    .as("it was disturbed twice; it said: %s", driver.lines())
                    .anyMatch(line -> line.contains("reconnects 2"));
        } finally {
            card.close();
        }
    }

    /** Waits until the driver is at work: the image changes. */
    private static void awaitWrites(Path image) throws Exception {
        FileTime now = Files.getLastModifiedTime(image);
        for (int i = 0; i < 400 && Files.getLastModifiedTime(image).equals(now); i++) {
            Thread.sleep(50);
        }
    }

    private CardProcess card(Path image, Path socket) {
        return CardProcess.serve(
                folder, "--idle", "backoff", "--blk", "socket=" + socket + ",queues=2,store=file:" + image);
    }
}
