package dev.cipu.bench.overhead;

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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole report from real processes, quickly. What they measure is not judged: tests share the machine. */
class OverheadIT {
    @TempDir
    private Path folder;

    private final StringWriter said = new StringWriter();

    @BeforeEach
    void twoCores() {
        assumeTrue(Affinity.allowed().containsAll(List.of(0, 1)), "a comparison needs the cores 0 and 1");
    }

    private int run(String... arguments) {
        return Main.run(new PrintWriter(said), new PrintWriter(said), arguments);
    }

    @Test
    void everyFigureOfAQuickRunHasItsOrigin() throws IOException {
        Path json = folder.resolve("o.json");
        Path page = folder.resolve("o.html");
        Path works = Files.writeString(folder.resolve("works.yaml"), """
                works:
                  - {name: frames, packets: {bytes: 256}}
                  - {name: reads, requests: {bytes: 4096, depth: 8}}
                """);
        assertThat(run(
                        "bench",
                        "overhead",
                        "--quick",
                        "--works",
                        works.toString(),
                        "--json",
                        json.toString(),
                        "--html",
                        page.toString()))
                .as(said.toString())
                .isEqualTo(ExitCode.DONE);
        assertThat(Files.size(page)).isGreaterThan(100_000);
        JsonNode report = JsonMapper.builder().build().readTree(Files.readString(json));
        JsonNode overhead = report.get("overhead");
        Set<Integer> samples = new HashSet<>();
        overhead.get("samples")
                .forEach(sample -> samples.add(sample.get("number").asInt()));
        Set<String> ids = new HashSet<>();
        for (JsonNode figure : overhead.get("figures")) {
            ids.add(figure.get("id").asString());
            boolean sampled = !figure.get("samples").isEmpty();
            boolean derived = !figure.get("formula").isNull();
            boolean sourced = !figure.get("source").isNull();
            assertThat(sampled || derived || sourced).as(figure.toString()).isTrue();
            figure.get("samples").forEach(sample -> assertThat(samples).contains(sample.asInt()));
            figure.get("inputs")
                    .forEach(input -> assertThat(ids)
                            .as("an input comes before the figure: %s", figure)
                            .contains(input.asString()));
        }
        for (String way : List.of("bare", "card", "poll", "interrupt")) {
            assertThat(ids).contains("frames/" + way + "/hostNanosPerOp", "reads/" + way + "/hostSecondsPerMillion");
        }
        assertThat(ids)
                .contains(
                        "server/card/100/burned",
                        "server/interrupt/10/left",
                        "double-11/card/peak/requestP99Micros",
                        "double-11/interrupt/peak/packetLostPercent",
                        "level/frames/interrupt/25/hostCores",
                        "level/reads/card/busiest/rate");
        assertThat(report.get("cases").size()).isGreaterThanOrEqualTo(4);
        for (JsonNode one : report.get("cases")) {
            assertThat(one.get("ratio").asDouble()).as(one.toString()).isPositive();
            assertThat(one.get("samples").size()).isGreaterThanOrEqualTo(2);
        }
        assertThat(overhead.get("profiles").size()).isPositive();
        assertThat(overhead.get("warnings"))
                .anyMatch(warning -> warning.asString().contains("may rest on one sample"));
        assertThat(overhead.get("command").asString()).startsWith("./cipu bench overhead --quick");
        assertThat(run("bench", "compare", json.toString(), json.toString())).isEqualTo(ExitCode.DONE);
    }

    @Test
    void mistakesAreToldBeforeAnythingStarts() {
        assertThat(run("bench", "overhead", "--work", "nonsense")).isEqualTo(ExitCode.USAGE);
        assertThat(run("bench", "overhead", "--instance-cores", "3")).isEqualTo(ExitCode.USAGE);
        assertThat(run("bench", "overhead", "--server-cores", "8", "--instance-cores", "16"))
                .isEqualTo(ExitCode.USAGE);
        assertThat(run("bench", "overhead", "--host-core", "4711")).isEqualTo(ExitCode.MISSING);
        assertThat(said.toString().lines()).hasSize(4);
    }
}
