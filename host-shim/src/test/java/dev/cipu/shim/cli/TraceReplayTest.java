package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.trace.MadeTrace;
import dev.cipu.virtio.blk.BlkRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cipu trace replay --card} of a trace that is made here. */
@Timeout(120)
class TraceReplayTest {
    private static final byte[] NOTHING = {};
    private static final int COUNT = 500;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private String trace = "";

    /** Frames each way and reads, one each 20 us. */
    @BeforeEach
    void record() {
        trace = folder.resolve("trace").toString();
        try (MadeTrace made = new MadeTrace(Path.of(trace))) {
            for (int i = 0; i < COUNT; i++) {
                long time = 1_000_000 + 60_000L * i;
                made.frame(1, time, 1000, new byte[64]);
                made.frame(0, time + 20_000, 60, new byte[60]);
                made.request(0, time + 40_000, 33_000, BlkRequest.IN, i, 4096, NOTHING);
            }
            made.command(1_000_001);
            made.loss(1_000_002, 17);
        }
    }

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> all = new ArrayList<>(List.of("trace", "replay", trace));
        all.addAll(List.of(args));
        return Main.run(new PrintWriter(out), new PrintWriter(err), all.toArray(String[]::new));
    }

    private JsonNode json(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--json");
        assertThat(run(all.toArray(String[]::new))).as(err.toString()).isZero();
        return JsonMapper.shared().readTree(out.toString());
    }

    private static JsonNode operation(JsonNode card, String name) {
        for (JsonNode each : card.get("operations")) {
            if (each.get("operation").asString().equals(name)) {
                return each;
            }
        }
        throw new AssertionError("no " + name + " in " + card);
    }

    @Test
    void twoCardsStandBesideWhatWasRecorded() {
        assertThat(run("--card", "software-2016", "--card", "cipu-1"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString())
                .containsPattern("recorded +software-2016 +cipu-1")
                .containsPattern("frames sent +500 +500 +500")
                .containsPattern("reads +500 +500 +500")
                .containsPattern("p50 +33\\.0 us +\\S+ us +\\S+ us")
                .containsPattern("p99.99 +\\S+ us")
                .containsPattern("host cores for the card +0\\.\\d+ +0\\.00")
                .containsPattern("store +\\S+ us +\\S+ us")
                .contains("left out: 1 commands of control queues")
                .contains("lost when it was recorded, and so not replayed: 17 transactions");
    }

    @Test
    void theSameIsTheSameToTheLastBitWhateverElseRuns() {
        JsonNode once = json("--card", "moc-1.5", "--card", "cipu-1");
        assertThat(json("--card", "moc-1.5", "--card", "cipu-1")).isEqualTo(once);
        JsonNode alone = json("--card", "cipu-1").get("cards").get(0);
        assertThat(alone).isEqualTo(once.get("cards").get(1));
        JsonNode other = json("--card", "cipu-1", "--seed", "2").get("cards").get(0);
        assertThat(other.get("checksum")).isNotEqualTo(alone.get("checksum"));
    }

    @Test
    void ratesAndLatenciesAreThoseOfTheTraceOnThisCard() {
        JsonNode report = json("--card", "cipu-1");
        JsonNode card = report.get("cards").get(0);
        assertThat(report.get("seconds").asDouble()).isCloseTo(0.03, within(0.0001));
        assertThat(report.get("lost").asLong()).isEqualTo(17);
        for (String name : List.of("SEND", "RECEIVE", "READ")) {
            assertThat(operation(card, name).get("count").asLong()).isEqualTo(COUNT);
            assertThat(operation(card, name).get("perSecond").asDouble()).isCloseTo(COUNT / 0.03, within(200.0));
        }
        double read = operation(card, "READ").get("latencyNanos").get("p50").asDouble();
        assertThat(read).isBetween(50_000.0, 200_000.0);
        JsonNode slower = json("--card", "cipu-1", "--set", "storage.read-latency=400")
                .get("cards")
                .get(0);
        assertThat(operation(slower, "READ").get("latencyNanos").get("p50").asDouble())
                .isGreaterThan(read + 200_000);
    }

    @Test
    void speedIsASpeed() {
        JsonNode card = json("--card", "cipu-1", "--speed", "3").get("cards").get(0);
        assertThat(operation(card, "SEND").get("perSecond").asDouble()).isCloseTo(3 * COUNT / 0.03, within(600.0));
        JsonNode fast = json("--card", "cipu-1", "--as-fast-as-possible", "--device", "net0")
                .get("cards")
                .get(0);
        assertThat(operation(fast, "SEND").get("perSecond").asDouble()).isGreaterThan(1e6);
        assertThat(fast.get("operations").size()).isEqualTo(2);
    }

    @Test
    void packedRingsTakeFewerRoundTrips() {
        JsonNode split = json("--card", "bm-hive", "--poll").get("cards").get(0);
        JsonNode packed =
                json("--card", "bm-hive", "--poll", "--packed").get("cards").get(0);
        assertThat(packed.get("cost").get("roundTripsEach").asDouble())
                .isLessThan(split.get("cost").get("roundTripsEach").asDouble());
    }

    @Test
    void aPageHasCharts() throws IOException {
        Path page = folder.resolve("page.html");
        assertThat(run("--card", "cipu-1", "--html", page.toString())).isZero();
        assertThat(Files.readString(page)).contains("<svg", "frames sent", "recorded");
    }

    @Test
    void mistakesAreOneLine() {
        mistake("say whereto: --card for the model of a card, --socket or --vfio-user for a live device");
        mistake("say whereto", "--card", "cipu-1", "--socket", "/nowhere");
        mistake("--writes is for a live device", "--card", "cipu-1", "--writes", "send");
        mistake("--batch is for --card", "--socket", "/nowhere", "--batch", "3");
        mistake("neither send nor skip", "--socket", "/nowhere", "--writes", "yes");
        mistake("--as-fast-as-possible knows no times", "--card", "cipu-1", "--as-fast-as-possible", "--speed", "2");
        mistake("a speed of 0.0", "--card", "cipu-1", "--speed", "0");
        mistake("--longest-gap is 'x'", "--card", "cipu-1", "--longest-gap", "x");
        mistake("the trace has no device 'x'; it has net0, blk0", "--card", "cipu-1", "--device", "x");
        mistake("has nothing to be replayed", "--card", "cipu-1", "--queue", "9");
        mistake("queues of 0 (1..4096)", "--card", "cipu-1", "--queue-size", "0");
        mistake("mutually exclusive", "--socket", "/nowhere", "--vfio-user", "/nowhere");
        mistake("--batch is for --card", "--vfio-user", "/nowhere", "--batch", "3");
        mistake("--html is for --card", "--vfio-user", "/nowhere", "--html", "/nowhere/page");
        mistake("the trace has several devices", "--vfio-user", "/nowhere");
        mistake("no power of two", "--socket", "/nowhere", "--queue-size", "100");
        mistake("the trace has several devices", "--socket", "/nowhere");
    }

    private void mistake(String line, String... args) {
        assertThat(run(args)).as(line).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains(line).doesNotContain("\tat ");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aDeviceThatIsNotThereIsTold() {
        String nobody = folder.resolve("nobody").toString();
        for (String place : List.of("--socket", "--vfio-user")) {
            assertThat(run(place, nobody, "--device", "blk0", "--timeout", "0.1"))
                    .isEqualTo(ExitCode.MISSING);
            assertThat(err.toString()).contains(nobody).doesNotContain("\tat ").hasLineCount(1);
        }
    }

    /** The command line's part; what arrives at the device is seen by {@code LiveReplayIT}. */
    @Test
    void intoAPciFunction() {
        CardSpecBuilder card = new CardSpecBuilder()
                .stats(folder.resolve("counters"))
                .blk(KeyValues.parse("blk", "socket=" + folder.resolve("blk") + ",transport=vfio-user,store=mem:8M"));
        try (CardAssembly made = CardAssembly.start(card.build())) {
            made.spec().devices().forEach((DeviceSpec each) -> made.serve(each));
            JsonNode report =
                    json("--vfio-user", folder.resolve("blk").toString(), "--device", "blk0", "--as-fast-as-possible");
            assertThat(report.get("socket").asString())
                    .isEqualTo(folder.resolve("blk").toString());
            assertThat(report.get("sent").get(0).get("count").asInt()).isEqualTo(COUNT);
            assertThat(report.get("errors").asInt()).isZero();
        }
    }

    @Test
    void whatIsNoTraceIsTold() throws IOException {
        trace = folder.resolve("nothing").toString();
        assertThat(run("--card", "cipu-1")).isEqualTo(ExitCode.MISSING);
        assertThat(err.toString()).contains("there is no directory");
        Files.createDirectory(Path.of(trace));
        assertThat(run("--card", "cipu-1")).isEqualTo(ExitCode.MISSING);
        assertThat(err.toString()).contains("has no trace of a card");
    }

    /** A hundred days are more than picoseconds count. */
    @Test
    void aTraceOfYearsIsTold() {
        trace = folder.resolve("years").toString();
        try (MadeTrace made = new MadeTrace(Path.of(trace))) {
            made.frame(1, 0, 60, NOTHING);
            made.frame(1, Long.MAX_VALUE - 1000, 60, NOTHING);
        }
        mistake("the model's clock can count; shorten silences", "--card", "cipu-1");
        assertThat(run("--card", "cipu-1", "--longest-gap", "1s"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("the longest silence is").containsPattern("took +1\\.00 s +1\\.00 s");
    }
}
