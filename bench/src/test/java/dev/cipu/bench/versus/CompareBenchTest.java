package dev.cipu.bench.versus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Report;
import dev.cipu.bench.report.Sample;
import dev.cipu.bench.versus.CaseComparison.Verdict;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.JsonReport;
import dev.cipu.shim.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CompareBenchTest {
    private static final String RATE = "packetsPerSecond";
    private static final String LATENCY = "latencyMicrosP50";

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();

    private int compare(String... arguments) {
        List<String> all = new ArrayList<>(List.of("bench", "compare"));
        all.addAll(List.of(arguments));
        return Main.run(new PrintWriter(out), new PrintWriter(out), all.toArray(String[]::new));
    }

    /** A case in which the peer's figure is 10 and ours as much better or worse; the last pair does not count. */
    private static CaseResult one(String name, String figure, boolean more, double... ours) {
        List<Sample> samples = new ArrayList<>();
        for (int round = 1; round <= ours.length; round++) {
            samples.add(new Sample(Sample.PEER, round, Map.of(figure, 10.0), 55, 55, "near", true));
            samples.add(new Sample(Sample.OURS, round, Map.of(figure, ours[round - 1]), 55, 55, "near", true));
        }
        samples.add(new Sample(Sample.PEER, 99, Map.of(figure, 10.0), 55, 320, "mixed", false));
        samples.add(new Sample(Sample.OURS, 99, Map.of(figure, 0.1), 320, 320, "mixed", false));
        return new CaseResult(name, "unit", 1, 1, "peer", 1, samples, "near", figure, more);
    }

    private String report(String name, CaseResult... cases) {
        Path file = folder.resolve(name);
        Report report =
                new Report(new MachineFacts("a cpu", 2, 1, 0, "Linux 6", "25", 0, 2048, 0.5, 1.5, 0.1), List.of(cases));
        JsonReport.write(report, file.toString(), new PrintWriter(out));
        return file.toString();
    }

    @Test
    void aRegressionBeyondNoiseFails() {
        String older = report(
                "old.json",
                one("same", RATE, true, 13, 13.1, 12.9, 13, 13.2, 12.8),
                one("slower", RATE, true, 13, 13.1, 12.9, 13, 13.2, 12.8),
                one("gone", RATE, true, 13));
        String newer = report(
                "new.json",
                one("slower", RATE, true, 11, 11.1, 10.9, 11, 11.2, 10.8),
                one("same", RATE, true, 13.1, 13, 13, 12.9, 12.9, 13.1),
                one("new", RATE, true, 13));
        assertThat(compare(older, newer, "--json", "-")).isEqualTo(ExitCode.FAILED);
        JsonNode cases = JsonMapper.builder().build().readTree(out.toString()).get("cases");
        assertThat(cases.valueStream().map(each -> each.get("name").asString())).containsExactly("slower", "same");
        assertThat(cases.get(0).get("verdict").asString()).isEqualTo("WORSE");
        assertThat(cases.get(0).get("change").asDouble()).isCloseTo(11.0 / 13, within(1e-9));
        assertThat(cases.get(0).get("high").asDouble()).isLessThan(0.9);
        assertThat(cases.get(1).get("verdict").asString()).isEqualTo("SAME");
        assertThat(compare(older, newer, "--tolerance", "25")).isEqualTo(ExitCode.DONE);
        assertThat(compare(newer, older)).as("faster is no failure").isEqualTo(ExitCode.DONE);
    }

    @Test
    void aLongerLatencyIsWorse() {
        String older = report("old.json", one("latency", LATENCY, false, 2, 2, 2));
        String newer = report("new.json", one("latency", LATENCY, false, 4, 4, 4));
        assertThat(compare(older, newer)).isEqualTo(ExitCode.FAILED);
        assertThat(out.toString()).contains("latency", "5.00", "2.50", "-50.0%", "worse");
    }

    @Test
    void fewPairsTellNothing() {
        assertThat(CaseComparison.of("few", new double[] {1.5, 1.5}, new double[] {1, 1, 1}, 0.05)
                        .verdict())
                .isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void noiseIsNoRegression() {
        CaseComparison noisy = CaseComparison.of(
                "noisy", new double[] {0.8, 1.6, 1.3, 1.1, 1.5}, new double[] {0.7, 1.5, 1.1, 1.2, 0.9}, 0.05);
        assertThat(noisy.verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(noisy.low()).isLessThan(0.9);
        assertThat(noisy.high()).isGreaterThan(1.0);
        assertThat(noisy)
                .as("the same every time")
                .isEqualTo(CaseComparison.of(
                        "noisy", new double[] {0.8, 1.6, 1.3, 1.1, 1.5}, new double[] {0.7, 1.5, 1.1, 1.2, 0.9}, 0.05));
    }

    @Test
    void theIntervalHoldsTheTrueChangeAboutAsOftenAsItSays() {
        Random random = new Random(7);
        int inside = 0;
        for (int trial = 0; trial < 200; trial++) {
            double[] before = random.doubles(15).map(x -> 1.3 + 0.2 * x).toArray();
            double[] after = random.doubles(15).map(x -> 0.9 * (1.3 + 0.2 * x)).toArray();
            CaseComparison one = CaseComparison.of("trial", before, after, 0.05);
            inside += one.low() <= 0.9 && 0.9 <= one.high() ? 1 : 0;
        }
        assertThat(inside).isBetween(180, 200);
    }

    @Test
    void whatCannotBeComparedIsSaidInALine() throws IOException {
        String some = report("some.json", one("a", RATE, true, 13));
        String other = report("other.json", one("b", RATE, true, 13));
        assertThat(compare(some, other)).isEqualTo(ExitCode.USAGE);
        assertThat(out.toString().strip().lines()).hasSize(1);
        assertThat(compare(some, folder.resolve("none").toString())).isEqualTo(ExitCode.MISSING);
        Path text = Files.writeString(folder.resolve("text"), "no report");
        assertThat(compare(some, text.toString())).isEqualTo(ExitCode.USAGE);
        assertThat(compare(some, some, "--tolerance", "-1")).isEqualTo(ExitCode.USAGE);
    }
}
