package dev.cipu.shim.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.sim.Experiment;
import dev.cipu.shim.sim.LoadLevel;
import dev.cipu.shim.sim.Workloads;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Part;
import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Tracer;
import dev.cipu.sim.model.Tracer.Register;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TraceFilesTest {
    @TempDir
    private Path folder;

    private static Experiment experiment(String workload) {
        return new Experiment(
                CardProfiles.named("cipu-1"), Workloads.named(workload), new LoadLevel.Rate(400e3), 1, Picos.MILLI);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp1500", "udp64-rx", "read4k"})
    void aTimelineHasRowsInWhichNothingOverlaps(String workload) throws Exception {
        Experiment experiment = experiment(workload);
        Timeline timeline = new Timeline(experiment.warmUp(), 50);
        experiment.run(timeline);
        assertThat(timeline.journeys()).isEqualTo(50);
        Path file = folder.resolve("trace.json");
        ChromeTrace.write(timeline, file);
        JsonNode events = JsonMapper.shared().readTree(Files.readString(file)).get("traceEvents");
        Map<String, String> threads = new HashMap<>();
        Map<String, TreeMap<Double, Double>> rows = new HashMap<>();
        Map<Integer, Double> lengths = new HashMap<>();
        for (JsonNode event : events) {
            String row = event.get("pid") + "/" + event.get("tid");
            switch (event.get("ph").asString()) {
                case "M" -> threads.put(row, event.at("/args/name").asString());
                case "X" -> {
                    assertThat(threads).containsKey(row);
                    double from = event.get("ts").asDouble();
                    double duration = event.get("dur").asDouble();
                    assertThat(from * Picos.MICRO).isGreaterThanOrEqualTo(experiment.warmUp() - 1.0);
                    rows.computeIfAbsent(row, _ -> new TreeMap<>()).merge(from, from + duration, Math::max);
                    lengths.merge(event.at("/args/journey").asInt(), duration, Double::sum);
                }
                default -> assertThat(event.get("ph").asString()).isEqualTo("i");
            }
        }
        assertThat(lengths)
                .hasSize(50)
                .allSatisfy((_, length) -> assertThat(length).isPositive());
        for (TreeMap<Double, Double> row : rows.values()) {
            double end = 0;
            for (Map.Entry<Double, Double> span : row.entrySet()) {
                assertThat(span.getKey()).isGreaterThanOrEqualTo(end - 1e-6);
                end = span.getValue();
            }
        }
        assertThat(threads.values()).contains("queue 0");
    }

    @Test
    void aTimelineIsBoundedAndKnowsWhichQueue() {
        Timeline timeline = new Timeline(100, 2);
        timeline.begin(7, 99);
        timeline.begin(1, 100);
        timeline.span(1, Part.UPLINK_IN, 100, 110);
        timeline.queue(1, 3);
        timeline.begin(2, 101);
        timeline.begin(3, 102);
        timeline.span(3, Part.UPLINK_IN, 102, 103);
        timeline.register(Register.DOORBELL, 3, 105, 1);
        timeline.register(Register.AVAIL, 3, 105, 1);
        timeline.end(1, 120);
        timeline.end(2, 121);
        timeline.end(3, 122);
        timeline.register(Register.DOORBELL, 3, 130, 2);
        assertThat(timeline.spans()).containsExactly(new Timeline.Span(0, 3, Part.UPLINK_IN, 100, 110));
        assertThat(timeline.writes()).containsExactly(new Timeline.Write(Register.DOORBELL, 3, 105, 1));
        assertThat(timeline.journeys()).isEqualTo(2);
    }

    @Test
    void aDumpOfRegistersFollowsTheGrammarAndEndsWithTheCounts() throws Exception {
        Experiment experiment = experiment("tcp1500");
        Path file = folder.resolve("registers.vcd");
        Map<Register, Long> last = new HashMap<>();
        int[] bells = new int[1];
        Tracer counting = new Tracer() {
            @Override
            public void span(int journey, Part part, long from, long to) {}

            @Override
            public void register(Register register, int queue, long time, long value) {
                if (queue == 7) {
                    last.put(register, value);
                    bells[0] += register == Register.DOORBELL && time >= experiment.warmUp() ? 1 : 0;
                }
            }
        };
        Result result;
        try (RegisterDump dump = new RegisterDump(file, 8, experiment.warmUp())) {
            result = experiment.run(new TwoTracers(dump, counting));
        }
        VcdReader vcd = new VcdReader(Files.readString(file));
        assertThat(vcd.timescale).isEqualTo("1 ps");
        assertThat(vcd.names.values())
                .hasSize(48)
                .contains("card.queue0.doorbell", "card.queue7.interrupt", "card.queue7.doorbell_now");
        assertThat(vcd.times).isSorted().doesNotHaveDuplicates().hasSizeGreaterThan(500);
        assertThat(vcd.times.getFirst()).isEqualTo(experiment.warmUp());
        for (Register each : Register.values()) {
            assertThat(vcd.values.get("card.queue7." + each.name().toLowerCase(Locale.ROOT)))
                    .isEqualTo(last.get(each));
        }
        assertThat(vcd.events.get("card.queue7.doorbell_now")).isEqualTo(bells[0]);
        assertThat(result.checksum()).isEqualTo(experiment.run().checksum());
    }

    /** Reads a dump, and refuses what the grammar does not have. */
    private static final class VcdReader {
        private final Map<String, String> names = new HashMap<>();
        private final Map<String, Long> values = new HashMap<>();
        private final Map<String, Integer> events = new HashMap<>();
        private final List<Long> times = new ArrayList<>();
        private final Map<String, String> kinds = new HashMap<>();
        private final List<String> scopes = new ArrayList<>();
        private String timescale = "";
        private boolean body;

        VcdReader(String text) {
            text.lines().forEach(this::line);
            assertThat(scopes).isEmpty();
            assertThat(body).isTrue();
        }

        private void line(String line) {
            String[] words = line.split(" ");
            if (body) {
                change(line, words);
                return;
            }
            assertThat(words[words.length - 1]).isEqualTo("$end");
            switch (words[0]) {
                case "$version" -> assertThat(words.length).isGreaterThan(2);
                case "$timescale" -> timescale = words[1] + " " + words[2];
                case "$scope" -> scopes.add(words[2]);
                case "$upscope" -> scopes.removeLast();
                case "$enddefinitions" -> body = true;
                case "$var" -> {
                    assertThat(words).hasSize(6);
                    assertThat(names.put(words[3], String.join(".", scopes) + "." + words[4]))
                            .isNull();
                    kinds.put(words[3], words[1] + words[2]);
                }
                default -> throw new AssertionError(line);
            }
        }

        private void change(String line, String[] words) {
            if (line.startsWith("#")) {
                times.add(Long.parseLong(line.substring(1)));
            } else if (line.startsWith("b")) {
                assertThat(kinds.get(words[1])).isEqualTo("integer32");
                values.put(names.get(words[1]), Long.parseLong(words[0].substring(1), 2));
            } else if (line.startsWith("1")) {
                String symbol = line.substring(1);
                assertThat(kinds.get(symbol)).isEqualTo("event1");
                events.merge(names.get(symbol), 1, Integer::sum);
            } else {
                assertThat(line).isIn("$dumpvars", "$end");
            }
        }
    }
}
