package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.shim.sim.Workloads;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SimCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    private JsonNode json(String... args) {
        out.getBuffer().setLength(0);
        assertThat(run(args)).isZero();
        return JsonMapper.shared().readTree(out.toString());
    }

    @Test
    void theListHasEveryWorkload() {
        assertThat(run("sim", "list")).isZero();
        assertThat(Workloads.all())
                .hasSizeGreaterThan(10)
                .allSatisfy(
                        each -> assertThat(out.toString()).contains(each.name()).contains(each.title()));
    }

    @Test
    void aRunShowsPartsLoadsAndCosts() {
        assertThat(run("sim", "run", "--card", "cipu-1", "--workload", "udp1500", "--duration", "500us"))
                .isZero();
        assertThat(out.toString())
                .startsWith("cipu-1, udp1500: packets sent of 1514 bytes, 8 queues of 256, split")
                .containsPattern("throughput +16\\.\\d M packets sent/s, 19\\d Gb/s")
                .containsPattern("uplink +100 % +16\\.\\d M +#{32}")
                .containsPattern("PCIe bytes to the card +1[67]\\d\\d")
                .containsPattern("descriptors +[\\d.]+ us");
    }

    /** Of what was found out, people see as much with a file for machines as without; a list is in one place only. */
    @Test
    void jsonInAFileLeavesStandardOutputToPeople(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("result.json");
        assertThat(run("sim", "run", "--card", "cipu-1", "--duration", "500us", "--json", file.toString()))
                .isZero();
        assertThat(out.toString()).contains("throughput");
        assertThat(JsonMapper.shared().readTree(Files.readString(file)).isObject())
                .isTrue();
        out.getBuffer().setLength(0);
        assertThat(run("sim", "list", "--json", file.toString())).isZero();
        assertThat(out.toString()).isEmpty();
        assertThat(JsonMapper.shared().readTree(Files.readString(file))).hasSameSizeAs(Workloads.all());
    }

    @Test
    void aFigureForOnceIsThatOfEachCardThatIsCompared() {
        JsonNode rows = json(
                        "sim",
                        "compare",
                        "cipu-1",
                        "moc-1.5",
                        "--set",
                        "network.bandwidth=10",
                        "--workload",
                        "udp1500",
                        "--duration",
                        "5ms",
                        "--json")
                .get("rows");
        assertThat(rows).hasSize(2);
        // 10 Gb/s of frames that take the cable for 1538 bytes
        assertThat(rows)
                .allSatisfy(row -> assertThat(row.get("most").asDouble()).isCloseTo(0.813e6, within(0.02e6)));
    }

    @Test
    void theSameSeedGivesTheSameJson() {
        String[] args = {
            "sim", "run", "--card", "moc-1.5", "--workload", "read4k", "--load", "50%", "--duration", "2ms", "--json"
        };
        JsonNode once = json(args);
        assertThat(json(args)).isEqualTo(once);
        String[] other = List.of(args).toArray(new String[args.length + 2]);
        other[args.length] = "--seed";
        other[args.length + 1] = "2";
        assertThat(json(other).get("checksum")).isNotEqualTo(once.get("checksum"));
        assertThat(once.get("perSecond").asDouble()).isCloseTo(650e3, within(40e3));
    }

    @Test
    void figuresAndTrafficCanBeSet() {
        JsonNode slow = json(
                "sim",
                "run",
                "--card",
                "cipu-1",
                "--set",
                "network.bandwidth=10",
                "--set",
                "guest.iops=1",
                "--queues",
                "2",
                "--format",
                "packed",
                "--bytes",
                "1514",
                "--interrupts",
                "--duration",
                "5ms",
                "--json");
        assertThat(slow.get("binding").asString()).isEqualTo("uplink");
        assertThat(slow.get("gigabitsPerSecond").asDouble()).isBetween(9.7, 10.0);
        assertThat(slow.at("/traffic/queues").asInt()).isEqualTo(2);
        assertThat(slow.at("/traffic/format").asString()).isEqualTo("PACKED");
        assertThat(slow.at("/cost/interruptsEach").asDouble()).isPositive();
        assertThat(slow.get("without").toString()).isEqualTo("[\"guest.iops=1\"]");
    }

    @Test
    void theBindingStageOfABridgeIsExplained(@TempDir Path folder) throws Exception {
        Path page = folder.resolve("page.html");
        JsonNode why = json(
                "sim",
                "explain",
                "--card",
                "bm-hive",
                "--workload",
                "udp64",
                "--duration",
                "500us",
                "--json",
                "--html",
                page.toString());
        assertThat(why.get("sentence").asString())
                .startsWith("bm-hive carries ")
                .contains("what binds is 'descriptor engines'");
        double parts = 0;
        for (JsonNode stage : why.at("/light/stages")) {
            parts += stage.get("meanNanos").asDouble();
        }
        assertThat(parts).isCloseTo(why.at("/light/latencyNanos/mean").asDouble(), within(parts * 0.03));
        assertThat(why.get("figures")).anySatisfy(figure -> {
            assertThat(figure.get("parameter").asString()).isEqualTo("dma.read-latency");
            assertThat(figure.get("mark").asString()).isEqualTo("A");
            assertThat(figure.get("throughput").asDouble()).isLessThan(0.75);
            assertThat(figure.get("latency").asDouble()).isGreaterThan(1.3);
        });
        assertThat(Files.readString(page)).contains("<svg", "descriptor engines", "dma.read-latency", "</html>");
    }

    @Test
    void anExplanationIsReadByPeople() {
        assertThat(run("sim", "explain", "--card", "moc-1.5", "--workload", "write4k-qd1", "--duration", "5ms"))
                .isZero();
        assertThat(out.toString())
                .contains("Under light load", "Under full load", "What decides", "Marks: R read in the source")
                .containsPattern("storage.write-latency +.* us +[RDUA]2? +x2 +-\\d+ %");
    }

    @Test
    void aCardSavesTheHostsCores() {
        JsonNode compared = json("sim", "compare", "software-2016", "cipu-1", "moc-1.5", "--duration", "2ms", "--json");
        assertThat(compared.at("/rows/0/card").asString()).isEqualTo("software-2016");
        assertThat(compared.at("/rows/0/hostCores").asDouble()).isBetween(2.0, 4.0);
        assertThat(compared.at("/rows/1/hostCoresSaved").asDouble())
                .isEqualTo(compared.at("/rows/0/hostCores").asDouble());
        assertThat(compared.at("/rows/1/most").asDouble()).isCloseTo(18e6, within(0.5e6));
        // the weakest, MOC 1.5, carries 4.8 M packets a second
        assertThat(compared.get("perSecond").asDouble()).isCloseTo(0.8 * 4.8e6, within(0.1e6));
        assertThat(run("sim", "compare", "software-2016", "cipu-1", "--load", "2M", "--duration", "500us"))
                .isZero();
        assertThat(out.toString()).containsPattern("cipu-1 +18\\.\\d M .*0\\.00 +[\\d.]+ +1\\.\\d\\d\\n");
    }

    /** Header-payload slicing, for one: the cable is full, or the way from the cores. */
    @Test
    void aCardIsComparedWithItself() {
        JsonNode compared = json(
                "sim",
                "compare",
                "cipu-1",
                "cipu-1,network.slice-header=0",
                "bm-hive,network.slice-header=256,link.tags=64",
                "--workload",
                "udp1500",
                "--duration",
                "1ms",
                "--json");
        JsonNode rows = compared.get("rows");
        assertThat(rows.at("/0/card").asString()).isEqualTo("cipu-1");
        assertThat(rows.at("/1/card").asString()).isEqualTo("cipu-1,network.slice-header=0");
        assertThat(rows.at("/0/binding").asString()).isEqualTo("uplink");
        assertThat(rows.at("/1/binding").asString()).matches("way (to|from) the cores");
        assertThat(rows.at("/1/mostGigabits").asDouble())
                .isLessThan(0.7 * rows.at("/0/mostGigabits").asDouble());
        assertThat(rows.at("/1/without")).isEmpty();
        assertThat(rows.at("/2/without")).hasSize(1);
        assertThat(rows.at("/2/without/0").asString()).startsWith("network.slice-header=");
    }

    /** Its own figure comes after that of all. */
    @Test
    void aCardsOwnFigureIsPreferred() {
        assertThat(run(
                        "sim",
                        "compare",
                        "cipu-1",
                        "cipu-1,network.slice-header=256",
                        "--set",
                        "network.slice-header=0",
                        "--workload",
                        "udp1500",
                        "--duration",
                        "500us"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString())
                .containsPattern("\ncipu-1 +10\\.\\d M .*way (to|from) the cores")
                .containsPattern("\ncipu-1,network.slice-header=256 +16\\.\\d M .*uplink");
    }

    @Test
    void aSweepIsResumedAndEndsTheSame(@TempDir Path folder) throws Exception {
        Path spec = folder.resolve("some.yaml");
        Files.writeString(spec, """
                card: cipu-1
                workload: udp1500
                vary:
                  link.tags: {from: 4, to: 16, factor: 2}
                  format: [split, packed]
                objectives: {throughput: max, link.tags: min}
                duration: 200us
                """);
        Path csv = folder.resolve("some.csv");
        Path page = folder.resolve("some.html");
        assertThat(run("sim", "sweep", spec.toString(), "--html", page.toString()))
                .isZero();
        assertThat(out.toString()).contains("6 points", "most throughput, least link.tags");
        String all = Files.readString(csv);
        List<String> lines = all.lines().toList();
        assertThat(lines).hasSize(7);
        assertThat(lines.getFirst()).startsWith("link.tags,format,throughput,gbit,");
        assertThat(Files.readString(page)).contains("<svg", "throughput over link.tags");
        // two points were done, and the third was being written, when it was stopped
        Files.writeString(csv, lines.get(0) + "\n" + lines.get(5) + "\n" + lines.get(2) + "\n4,spl");
        out.getBuffer().setLength(0);
        assertThat(run("sim", "sweep", spec.toString(), "--threads", "1")).isZero();
        assertThat(out.toString()).contains("6 points, 2 of them known before");
        assertThat(csv).hasContent(all);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "run --card none | no card 'none'",
                "run --card cipu-1 --workload fly | no workload 'fly'; known are udp64, udp512",
                "run --card cipu-1 --set link.tag=5 | no parameter 'link.tag'; known are link.generation",
                "run --card cipu-1 --set lnk.tags=5 | no parameter 'lnk.tags'; sections are functions, queues",
                "run --card cipu-1 --set link.tags | 'link.tags' sets nothing; write section.key=value",
                "run --card cipu-1 --set link.tags=many | link.tags is 'many'; give a number of tags",
                "run --card cipu-1 --set link.tags=1.5 | link.tags: the value 1.5 is a part of a thing",
                "run --card cipu-1 --set link.lanes=3 | cannot be: 3 lanes, not 1, 2, 4, 8 or 16",
                "run --card cipu-1 --set dma.iotlb-entries=100 | cannot be: 100 entries",
                "run --card cipu-1 --load some | --load is 'some'; give a rate above 0",
                "run --card cipu-1 --duration 10 | --duration is '10'; give a number with ns, us, ms or s",
                "run --card cipu-1 --duration 1ns | a duration of 1ns is not from 10us to 3600s",
                "run --card cipu-1 --workload read4k --duration 10us | nothing of read4k began and ended",
                "run --card cipu-1 --queues 0 | 0 queues (1..256)",
                "run --card cipu-1 --format odd | format is 'odd'; use one of split, packed",
                "run --card cipu-1 --interrupts --poll | mutually exclusive",
                "run --card cipu-1 --trace-journeys 0 | --trace-journeys is 0; give 1 to 1000000",
                "run | '--card=NAME|FILE'",
                "compare cipu-1 cipu-1, | '' sets nothing; write section.key=value",
                "compare cipu-1 cipu-1,network.slice | 'network.slice' sets nothing",
                "compare cipu-1 cipu-1,network.slice=1 | there is no parameter 'network.slice'; known are",
                "compare cipu-1 ,network.slice-header=0 | there is no card ''",
                "compare cipu-1 | name two cards or more",
                "`` | say what to do: list, run, explain, compare, sweep or validate"
            })
    void mistakesAreSaidInOneLine(String args, String line) {
        assertThat(run(("sim " + args).strip().split(" +"))).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("cipu: ").contains(line).doesNotContain("Exception");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "nonsense: 1 | unknown key 'nonsense'",
                "card: cipu-1 | 'vary' is missing",
                "{card: cipu-1, vary: {link.tags: [1]}} | 'workload' is missing",
                "{card: cipu-1, workload: udp64, vary: {link.tag: [1]}} | no parameter 'link.tag'",
                "{card: cipu-1, workload: udp64, vary: {tags: [1]}} | unknown name 'tags'; use card, workload",
                "{card: cipu-1, workload: udp64, vary: {link.tags: 5}} | vary.link.tags makes no sense",
                "{card: cipu-1, workload: udp64, vary: {link.tags: {from: 1, to: 8}}} | has no end of values",
                "{card: cipu-1, workload: udp64, vary: {link.tags: {from: 8, to: 1, step: 1}}} | makes no sense",
                "{card: cipu-1, workload: udp64, vary: {link.tags: [1]}, objectives: {speed: max}} | unknown name 'speed'",
                "{card: cipu-1, workload: udp64, vary: {link.tags: [1]}, objectives: {gbit: up}} | say min or max",
                "card: 'x | not YAML"
            })
    void mistakesOfASweepNameTheFile(String text, String line, @TempDir Path folder) throws Exception {
        Path spec = folder.resolve("bad.yaml");
        Files.writeString(spec, text);
        assertThat(run("sim", "sweep", spec.toString())).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("cipu: " + spec).contains(line).doesNotContain("Exception");
    }

    @Test
    void aPointThatCannotBeIsARowWithAReason(@TempDir Path folder) throws Exception {
        Path spec = folder.resolve("some.yaml");
        Files.writeString(
                spec, "{card: cipu-1, workload: udp64, vary: {link.lanes: [3, 16]}, duration: 200us, title: lanes}");
        assertThat(run("sim", "sweep", spec.toString())).isZero();
        assertThat(out.toString())
                .contains("lanes: 2 points, 1 impossible", "impossible: the card cipu-1 cannot be: 3 lanes");
    }
}
