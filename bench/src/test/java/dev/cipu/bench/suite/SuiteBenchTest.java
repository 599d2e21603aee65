package dev.cipu.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.versus.Part;
import dev.cipu.bench.versus.Run;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
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
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SuiteBenchTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<String> ran = new ArrayList<>();

    @BeforeEach
    void twoCores() {
        assumeTrue(Affinity.allowed().containsAll(List.of(0, 1)), "a comparison needs the cores 0 and 1");
    }

    /** What a part does. */
    private interface Doing {
        List<CaseResult> measure() throws IOException;
    }

    private Part part(String name, Doing doing) {
        return new Part() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<CaseResult> measure(Run run) throws IOException {
                ran.add(name);
                return doing.measure();
            }
        };
    }

    private Part good(String name) {
        return part(
                name,
                () -> List.of(
                        new CaseResult(name + "/case", "ms", 1, 2, "peer", 2, List.of(), "near", "millis", false)));
    }

    private Part missing(String name) {
        return part(name, () -> {
            throw new CommandFailure(ExitCode.MISSING, "the peer is missing; on Debian: apt-get install peer");
        });
    }

    private Part failing(String name) {
        return part(name, () -> {
            throw new IOException("it broke");
        });
    }

    private int run(List<Part> parts, String... arguments) {
        return new CommandLine(new SuiteBench(parts))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    err.append(e.getMessage()).append('\n');
                    return e instanceof CommandFailure failure ? failure.exitCode() : -1;
                })
                .execute(arguments);
    }

    @Test
    void allPartsRunInTheirOrderIntoOneReport() throws IOException {
        Path json = folder.resolve("suite.json");
        assertThat(run(List.of(good("a"), good("b")), "--json", json.toString()))
                .isEqualTo(ExitCode.DONE);
        assertThat(ran).containsExactly("a", "b");
        JsonNode report = JsonMapper.builder().build().readTree(Files.readString(json));
        assertThat(report.get("machine").get("cores").asInt()).isPositive();
        assertThat(report.get("cases"))
                .extracting(one -> one.get("name").asString())
                .containsExactly("a/case", "b/case");
    }

    @Test
    void peopleReadOnStandardErrorIfMachinesHaveStandardOutput() {
        assertThat(run(List.of(good("a")), "--json", "-")).isEqualTo(ExitCode.DONE);
        JsonNode report = JsonMapper.builder().build().readTree(out.toString());
        assertThat(report.get("cases").get(0).get("name").asString()).isEqualTo("a/case");
        assertThat(err.toString()).contains("a/case", "2.00");
    }

    @Test
    void aPartWithoutItsPeerIsLeftOutWithALineThatSaysHowToHaveIt() {
        assertThat(run(List.of(missing("a"), good("b")))).isEqualTo(ExitCode.DONE);
        assertThat(ran).containsExactly("a", "b");
        assertThat(err.toString()).contains("a is left out").contains("apt-get install peer");
        assertThat(out.toString()).contains("b/case");
    }

    @Test
    void aPartThatFailsFailsTheSuiteAfterTheOthersHaveRun() {
        assertThat(run(List.of(failing("a"), good("b")))).isEqualTo(ExitCode.FAILED);
        assertThat(ran).containsExactly("a", "b");
        assertThat(err.toString()).contains("a: it broke");
        assertThat(out.toString()).contains("b/case");
        assertThat(run(List.of(failing("a")))).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void nothingToMeasureIsAMissingPeer() {
        assertThat(run(List.of(missing("a"), missing("b")))).isEqualTo(ExitCode.MISSING);
    }

    @Test
    void partsAreChosenByTheirNames() {
        assertThat(run(List.of(good("a"), good("b")), "b")).isEqualTo(ExitCode.DONE);
        assertThat(ran).containsExactly("b");
        assertThat(run(List.of(good("a")), "c")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("no part c");
    }
}
