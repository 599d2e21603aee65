package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a card recorded of a peer: it has to replay into cards of the model, and its frames into a file that tshark reads. */
final class RecordedTraffic {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final List<String> CARDS = List.of("software-2016", "cipu-1");

    private final Path folder;
    private final Path trace;

    RecordedTraffic(Path folder, Path trace) {
        this.folder = folder;
        this.trace = trace;
    }

    private void cipu(String... arguments) {
        try (Child child = Child.start("cipu " + arguments[1], CardProcess.command(arguments))) {
            assertThat(child.exit(LIMIT)).as(child.lines().toString()).isZero();
        }
    }

    /**
     * Replays it into two cards, as fast as these can: then nothing finds no room. Everything that was recorded is done on each, the
     * parts add up to the whole, and only software takes cores of the host.
     *
     * @return how many there were of each operation
     */
    Map<String, Long> intoTwoCards() throws IOException {
        Path json = folder.resolve("replay.json");
        List<String> arguments =
                new ArrayList<>(List.of("trace", "replay", trace.toString(), "--json", json.toString()));
        CARDS.forEach(card -> arguments.addAll(List.of("--card", card)));
        arguments.add("--as-fast-as-possible");
        cipu(arguments.toArray(String[]::new));
        JsonNode report = JsonMapper.shared().readTree(Files.readString(json));
        Map<String, Long> recorded = new TreeMap<>();
        report.get("recorded")
                .forEach(each -> recorded.put(
                        each.get("operation").asString(), each.get("count").asLong()));
        assertThat(report.get("cards")).hasSize(CARDS.size());
        for (JsonNode card : report.get("cards")) {
            Map<String, Long> done = new TreeMap<>();
            for (JsonNode each : card.get("operations")) {
                done.put(each.get("operation").asString(), each.get("count").asLong());
                assertThat(each.get("dropped").asLong()).isZero();
                double parts = 0;
                for (JsonNode stage : each.get("stages")) {
                    parts += stage.get("meanNanos").asDouble();
                }
                double mean = each.get("latencyNanos").get("mean").asDouble();
                assertThat(parts).isBetween(mean * 0.98, mean * 1.02);
            }
            assertThat(done).as(card.get("card").asString()).isEqualTo(recorded);
            boolean software = card.get("card").asString().equals(CARDS.getFirst());
            assertThat(card.get("cost").get("hostCores").asDouble() > 0).isEqualTo(software);
        }
        return recorded;
    }

    /** The lines that tshark writes of its frames, fields separated by tabs; it warns of nothing. */
    List<String> frames(String... fields) {
        Path capture = folder.resolve("trace.pcapng");
        cipu("trace", "export", trace.toString(), "--format", "pcapng", "-o", capture.toString());
        List<String> command = new ArrayList<>(List.of("tshark", "-r", capture.toString(), "-T", "fields"));
        for (String field : fields) {
            command.addAll(List.of("-e", field));
        }
        try (Child tshark = Child.start("tshark", command)) {
            assertThat(tshark.exit(LIMIT)).isZero();
            List<String> lines = tshark.lines().stream()
                    .map(line -> line.substring(Math.max(0, line.indexOf("net"))))
                    .filter(line -> !line.contains("Running as user"))
                    .toList();
            assertThat(lines).allMatch(line -> line.split("\t", -1).length == fields.length);
            return lines;
        }
    }
}
