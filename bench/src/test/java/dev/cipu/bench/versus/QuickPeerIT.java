package dev.cipu.bench.versus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.Main;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The comparisons run to their end against the real peers. What they measure is not judged: tests share the machine. */
class QuickPeerIT {
    private static final List<String> PEERS =
            List.of(System.getProperty("cipu.peers", "").split(",", -1));

    @TempDir
    private Path folder;

    @BeforeEach
    void twoCores() {
        assumeTrue(Affinity.allowed().containsAll(List.of(0, 1)), "a comparison needs the cores 0 and 1");
    }

    private JsonNode run(String... arguments) throws IOException {
        Path json = folder.resolve("report.json");
        StringWriter said = new StringWriter();
        List<String> all = new ArrayList<>(List.of("bench"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--quick", "--json", json.toString()));
        int exitCode = Main.run(new PrintWriter(said), new PrintWriter(said), all.toArray(String[]::new));
        assertThat(exitCode).as(said.toString()).isEqualTo(ExitCode.DONE);
        JsonNode report = JsonMapper.builder().build().readTree(Files.readString(json));
        for (JsonNode one : report.get("cases")) {
            assertThat(one.get("ours").asDouble()).as(one.toString()).isPositive();
            assertThat(one.get("peer").asDouble()).as(one.toString()).isPositive();
            assertThat(one.get("samples").size()).isGreaterThanOrEqualTo(2);
            assertThat(one.get("placement").asString()).isIn("near", "far", "mixed");
        }
        return report;
    }

    private static List<String> names(JsonNode report) {
        return report.get("cases")
                .valueStream()
                .map(one -> one.get("name").asString())
                .toList();
    }

    @Test
    void net() throws IOException {
        assumeTrue(PEERS.contains("testpmd"), "dpdk-testpmd is not here");
        JsonNode report = run("net");
        assertThat(names(report))
                .containsExactly(
                        "net/64B/split/mrg=0",
                        "net/256B/split/mrg=0",
                        "net/1518B/split/mrg=0",
                        "net/64B/split/mrg=1",
                        "net/256B/split/mrg=1",
                        "net/1518B/split/mrg=1",
                        "net/64B/packed/mrg=0",
                        "net/256B/packed/mrg=0",
                        "net/1518B/packed/mrg=0",
                        "net/64B/packed/mrg=1",
                        "net/64B/packed/in_order=0",
                        "net/64B/packed/vectorized");
        for (JsonNode one : report.get("cases")) {
            for (JsonNode sample : one.get("samples")) {
                assertThat(sample.get("figures").get("notifications").asDouble())
                        .as("kicks and calls while both poll: %s", sample)
                        .isZero();
            }
        }
    }

    @Test
    void blk() throws IOException {
        assumeTrue(PEERS.contains("qemu-utils"), "qemu-storage-daemon is not here");
        // not the disk: where machines share one, it may stand still for longer than any test should wait
        JsonNode report = run("blk", "--case", "/null/", "--case", "/mem/", "--case", "/shm/");
        assertThat(names(report)).hasSize(3 * 9);
        for (String node : List.of("null", "mem", "shm")) {
            assertThat(names(report))
                    .contains(
                            "blk/" + node + "/4k-randread/qd1",
                            "blk/" + node + "/4k-randread/qd1/latency",
                            "blk/" + node + "/4k-randwrite/qd128",
                            "blk/" + node + "/64k-read/qd32");
        }
    }

    @Test
    void guest() throws IOException {
        assumeTrue(PEERS.containsAll(List.of("guest", "qemu11")), "the guest's image or QEMU 11 is not here");
        assertThat(names(run("guest")))
                .containsExactly(
                        "guest/blk/4k-randread/qd1",
                        "guest/blk/4k-randread/qd1/latency",
                        "guest/blk/4k-randread/qd32",
                        "guest/blk/4k-randread/qd32/latency");
    }
}
