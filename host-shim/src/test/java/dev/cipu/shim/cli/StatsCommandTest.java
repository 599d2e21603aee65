package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.shim.assembly.CounterFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StatsCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    private int run(String... args) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void countersOfARunningCardAreShownAsJson() throws Exception {
        Path file = directory.resolve("c");
        try (CounterFile counters = CounterFile.at(file)) {
            CounterGroup group = counters.table().group("net0", "tx_packets", "calls");
            group.add(0, 42);

            assertThat(run("stats", "--stats", file.toString(), "--json", "-")).isZero();
        }
        JsonNode root = JsonMapper.shared().readTree(out.toString());
        assertThat(root.get("running").asBoolean()).isTrue();
        assertThat(root.get("pid").asLong()).isEqualTo(ProcessHandle.current().pid());
        assertThat(root.get("counters").get("net0").get("tx_packets").asLong()).isEqualTo(42);
        assertThat(root.get("counters").get("net0").get("calls").asLong()).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theTableLeavesOutWhatIsZero() throws Exception {
        Path file = directory.resolve("c");
        try (CounterFile counters = CounterFile.at(file)) {
            counters.table().group("blk0/0", "reads", "writes").add(1, 7);

            assertThat(run("stats", "--stats", file.toString())).isZero();
        }
        assertThat(out.toString()).contains("blk0/0", "writes").doesNotContain("reads");
    }

    @Test
    void watchingShowsRates() throws Exception {
        Path file = directory.resolve("c");
        try (CounterFile counters = CounterFile.at(file)) {
            counters.table().group("blk0/0", "reads").add(0, 7);

            assertThat(run("stats", "--stats", file.toString(), "--watch", "--interval", "0.05", "--count", "2"))
                    .isZero();
        }
        assertThat(out.toString().lines().filter(line -> line.matches("blk0/0 +reads +7 +0")))
                .hasSize(2);
    }

    @Test
    @Timeout(60)
    void watchingEndsWellWithTheCard() throws Exception {
        Path file = directory.resolve("c");
        try (CounterFile counters = CounterFile.at(file)) {
            counters.table().group("blk0/0", "reads").add(0, 7);
            Thread card = Thread.ofPlatform().start(() -> deleteOnceShown(file));

            assertThat(run("stats", "--stats", file.toString(), "--watch", "--interval", "0.05"))
                    .isZero();
            card.join();
        }
        assertThat(out.toString()).contains("blk0/0");
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).contains("has ended").doesNotContain("Exception");
    }

    private void deleteOnceShown(Path file) {
        try {
            while (!out.toString().contains("blk0/0")) {
                Thread.sleep(5);
            }
            Files.delete(file);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFileOfADeadCardIsSaidToBeOne() throws Exception {
        Path file = directory.resolve("c");
        try (FileChannel channel = FileChannel.open(
                        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            // the process is this one, but it has not been running since 1970
            new CounterTable(
                            channel.map(MapMode.READ_WRITE, 0, 4096, arena),
                            ProcessHandle.current().pid(),
                            1000)
                    .group("net0", "tx_packets")
                    .add(0, 5);
        }

        assertThat(run("stats", "--stats", file.toString(), "--json", "-")).isZero();
        assertThat(JsonMapper.shared().readTree(out.toString()).get("running").asBoolean())
                .isFalse();
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).contains("has ended");
    }

    @Test
    void aMissingFileAndANonsenseFileAreMissingResources() throws Exception {
        assertThat(run("stats", "--stats", directory + "/none")).isEqualTo(3);
        assertThat(err.toString()).contains("there is no counter file").doesNotContain("Exception");

        Path nonsense = Files.write(directory.resolve("nonsense"), new byte[4096]);
        assertThat(run("stats", "--stats", nonsense.toString())).isEqualTo(3);
        assertThat(err.toString()).contains("no counters of a card");
        Path empty = Files.createFile(directory.resolve("empty"));
        assertThat(run("stats", "--stats", empty.toString())).isEqualTo(3);
    }

    @Test
    void watchingAndJsonDoNotGoTogether() {
        assertThat(run("stats", "--watch", "--json", "-")).isEqualTo(2);
    }
}
