package dev.cipu.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.Main;
import dev.cipu.shim.posix.Affinity;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole run of a part that needs no peer, and what its report is for. What it measures is not judged. */
class SuiteIT {
    @TempDir
    private Path folder;

    private final StringWriter said = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(said), new PrintWriter(said), arguments);
    }

    @Test
    void reportsCanBeCompared() {
        assumeTrue(Affinity.allowed().containsAll(List.of(0, 1)), "a comparison needs the cores 0 and 1");
        String report = folder.resolve("report.json").toString();
        assertThat(run(
                        "bench",
                        "suite",
                        "switch",
                        "--case",
                        "64B",
                        "--rounds",
                        "3",
                        "--seconds",
                        "0.05",
                        "--json",
                        report))
                .as(said.toString())
                .isEqualTo(ExitCode.DONE);
        assertThat(run("bench", "compare", report, report)).isEqualTo(ExitCode.DONE);
        assertThat(said.toString()).containsPattern("switch/64B .*\\+0\\.0%");
    }
}
