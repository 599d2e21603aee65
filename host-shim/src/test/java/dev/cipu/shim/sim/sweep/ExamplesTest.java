package dev.cipu.shim.sim.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.sim.Experiment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The sweeps that the documentation shows. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("../docs/examples/sweeps");

    static List<Path> examples() throws Exception {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files.filter(each -> each.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyPointOfAnExampleCanBeRun(Path file) {
        SweepSpec spec = SpecReader.read(file);
        List<Map<String, String>> points = spec.points();
        assertThat(points).hasSizeBetween(4, 200);
        assertThat(points).allSatisfy(point -> {
            Experiment experiment = spec.experiment(point);
            assertThat(experiment.timing()).isNotNull();
        });
        assertThat(spec.experiment(points.getFirst()).run().perSecond()).isPositive();
    }

    @Test
    void chanceIsTheSameForTheSameSeed() {
        SweepSpec spec = SpecReader.read(EXAMPLES.resolve("ring-shape.yaml"));
        assertThat(spec.points()).isEqualTo(spec.points()).hasSize(spec.random());
        assertThat(spec.points().stream().distinct().count()).isEqualTo(spec.random());
        assertThat(spec.points())
                .allSatisfy(point -> assertThat(Double.parseDouble(point.getOrDefault("dma.read-latency", "0")))
                        .isBetween(1650.0, 2500.0));
    }

    /** Whatever the order in which points end. */
    @Test
    void threadsMakeNoDifference(@TempDir Path folder) throws Exception {
        SweepSpec spec = SpecReader.read(EXAMPLES.resolve("tags.yaml"));
        SweepResult one = new Sweep(spec, folder.resolve("one.csv"), 1).run((_, _) -> {});
        SweepResult four = new Sweep(spec, folder.resolve("four.csv"), 4).run((_, _) -> {});
        assertThat(four.rows()).isEqualTo(one.rows());
        assertThat(folder.resolve("four.csv")).hasSameTextualContentAs(folder.resolve("one.csv"));
        // the more tags, the more bandwidth, until the cable is full
        assertThat(one.front()).hasSizeGreaterThan(2);
    }
}
