package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.profile.CardProfiles;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CardCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    private void assertOneLine(String... parts) {
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("cipu: ").contains(parts).doesNotContain("Exception");
    }

    @Test
    void theListHasALineForEachCard() {
        assertThat(run("card", "list")).isZero();
        assertThat(out.toString().lines().skip(1).limit(CardProfiles.names().size()))
                .allMatch(line -> CardProfiles.names().contains(line.substring(0, line.indexOf(' '))))
                .anyMatch(line -> line.matches("cipu-1 +2022 +200 R2 +40 R2 +7200 R +0 R +compute, .*"))
                .anyMatch(line -> line.matches("software-2016 +2016 +20 A +12 A +440 R +12 R +no card.*"));
        assertThat(out.toString()).contains("Marks: R read in the source; ");
    }

    @Test
    void aCardIsShownWithUnitsMarksAndSources() {
        assertThat(run("card", "show", "cipu-1")).isZero();
        assertThat(out.toString())
                .startsWith("cipu-1: CIPU 1.0, 2022")
                .containsPattern("packet-rate +40 Mpps +R2 +packets: Summaries of .*, 2022, CIPU 1.0")
                .containsPattern("read-latency +550 ns +U +.*recalled, not verified: ")
                .containsPattern("engines +2 engines +A +.*assumed: ")
                .containsPattern("bare metal +physical functions; .* \\[A\\]");
    }

    @Test
    void whatACardDoesNotServeIsSaid() {
        assertThat(run("card", "show", "bm-hive")).isZero();
        assertThat(out.toString()).containsPattern("virtual machines +not served");
    }

    @Test
    void theJsonOfACardIsAProfileThatCanBeShown(@TempDir Path folder) throws Exception {
        assertThat(run("card", "show", "moc-1.5", "--json")).isZero();
        String json = out.toString();
        JsonNode figure = JsonMapper.builder().build().readTree(json).at("/figures/storage/iops");
        assertThat(figure.get("value").asInt()).isEqualTo(1300);
        assertThat(figure.get("unit").asString()).isEqualTo("K IOPS");
        assertThat(figure.get("mark").asString()).isEqualTo("R");
        assertThat(figure.get("source").asString()).isEqualTo("fast");

        Path file = folder.resolve("mine.json");
        Files.writeString(file, json);
        out.getBuffer().setLength(0);
        assertThat(run("card", "show", "--file", file.toString(), "--json", "-"))
                .isZero();
        assertThat(out.toString()).isEqualTo(json);
    }

    @Test
    void theListAsJsonHasEveryProfile(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("cards.json");
        assertThat(run("card", "list", "--json", file.toString())).isZero();
        JsonNode cards = JsonMapper.builder().build().readTree(Files.readString(file));
        assertThat(cards).hasSameSizeAs(CardProfiles.names());
        assertThat(cards.get(0).get("name").asString()).isEqualTo("software-2016");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void anUnknownCardIsWrongUsageAndTheKnownOnesAreNamed() {
        assertThat(run("card", "show", "cipu-9")).isEqualTo(2);
        assertOneLine("'cipu-9'", "software-2016", "bluefield-like");
    }

    @Test
    void oneCardIsShownAtATime() {
        assertThat(run("card", "show")).isEqualTo(2);
        assertOneLine("name one card", "cipu-1");
        err.getBuffer().setLength(0);
        assertThat(run("card", "show", "cipu-1", "--file", "x.yaml")).isEqualTo(2);
        assertOneLine("name one card");
        err.getBuffer().setLength(0);
        assertThat(run("card")).isEqualTo(2);
        assertOneLine("list or show");
    }

    @Test
    void aBadProfileIsWrongUsageAMissingOneAMissingResource(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("mine.yaml");
        assertThat(run("card", "show", "--file", file.toString())).isEqualTo(3);
        assertOneLine("there is no file " + file);
        err.getBuffer().setLength(0);
        Files.writeString(file, "colour: red");
        assertThat(run("card", "show", "--file", file.toString())).isEqualTo(2);
        assertOneLine("mine.yaml: unknown key 'colour'");
    }

    @Test
    void serveRefusesWhatTheCardCannotHave(@TempDir Path folder) {
        // a card that let this pass would end for want of the directory
        String net = "socket=" + folder + "/missing/n,queues=9";
        assertThat(run("serve", "--card", "nitro-like", "--net", net)).isEqualTo(2);
        assertOneLine("net0", "queues.net-pairs 8 pairs [R]");
        err.getBuffer().setLength(0);
        assertThat(run("serve", "--card", "cipu-9", "--net", net)).isEqualTo(2);
        assertOneLine("--card: there is no card 'cipu-9'");
    }

    @Test
    void qemuArgsKnowTheCardToo() {
        assertThat(run("qemu-args", "--card", "cipu-1", "--net", "socket=/run/n0"))
                .isZero();
        assertThat(out.toString()).contains("path=/run/n0");
    }
}
