package dev.cipu.bench.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.Main;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(120)
class RecordBenchTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
    }

    @Test
    void itCountsBothWaysOfEachFrameAndLeavesNothingBehind() throws IOException {
        assumeTrue(Affinity.allowed().size() >= 2, "two cores");
        int code = run(
                "bench",
                "record",
                "--rate",
                "20000",
                "--rounds",
                "1",
                "--seconds",
                "0.2",
                "--json",
                "-",
                "--dir",
                folder.toString());
        assertThat(code).as(err.toString()).isEqualTo(ExitCode.DONE);
        JsonNode result = JsonMapper.shared().readTree(out.toString());
        assertThat(result.get("turns").size()).isEqualTo(4);
        for (JsonNode turn : result.get("turns")) {
            assertThat(turn.get("returned").asLong()).isPositive();
            assertThat(turn.get("workerNanos").asDouble()).isPositive();
            long told = turn.get("transactions").asLong() + turn.get("lost").asLong();
            if (turn.get("recording").asBoolean()) {
                // what comes back after the measured time is recorded, too, and losses are told of by records of their
                // own: the warm-up's last ones, too, one record a queue
                long tales = turn.get("lost").asLong() + 2;
                assertThat(told)
                        .isBetween(
                                2 * turn.get("returned").asLong(),
                                2 * turn.get("sent").asLong() + tales);
            } else {
                assertThat(told).isZero();
            }
        }
        JsonNode cost = result.get("atRate");
        assertThat(cost.get("deliveredWithout").asDouble()).isLessThan(22_000);
        assertThat(result.get("alone").get("transactions").asLong()).isGreaterThanOrEqualTo(200_000);
        assertThat(result.get("alone").get("writerNanos").asDouble()).isPositive();
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void wrongWordsAreSaid() {
        assertThat(run("bench", "record", "--rate", "0")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("--rate is from 1 to 50000000");
        assertThat(run("bench", "record", "--rounds", "1", "--dir", "/proc/none"))
                .isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("--dir: nothing can be made in /proc/none");
    }

    /** Medians of each kind; a cost is what recording takes of what went without it. */
    @Test
    void costsAreDifferencesOfMedians() {
        List<Turn> turns = List.of(
                turn(0, false, 100, 50, 0),
                turn(0, false, 200, 60, 0),
                turn(0, false, 400, 70, 0),
                turn(0, true, 150, 75, 40),
                turn(0, true, 150, 75, 50),
                turn(9, true, 1, 1, 1));
        Cost cost = Cost.of(turns, 0);
        assertThat(cost.throughputCost()).isCloseTo(25, within(1e-9));
        assertThat(cost.throughputCostOfBest()).isCloseTo(62.5, within(1e-9));
        assertThat(cost.workerNanos()).isCloseTo(15, within(1e-9));
        assertThat(cost.workerCost()).isCloseTo(25, within(1e-9));
        assertThat(cost.writerMost()).isCloseTo(1e9 / 45, within(1e-3));
        assertThat(cost.lost()).isEqualTo(14);
    }

    private static Turn turn(long offered, boolean recording, double delivered, double worker, double writer) {
        return new Turn(offered, recording, 1, 1, delivered, worker, 1, recording ? 7 : 0, 0.5, writer, 0);
    }
}
