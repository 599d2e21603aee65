package dev.cipu.shim.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class DemoTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void theSummaryIsWrittenForMachines(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("demo.json");

        assertThat(run("demo", "--seconds", "1.5", "--json", file.toString())).isZero();

        JsonNode report = JsonMapper.shared().readTree(Files.readString(file));
        assertThat(report.get("passed").asBoolean()).isTrue();
        assertThat(report.get("problem").asString()).isEmpty();
        assertThat(report.get("net").get("framesSent").asLong()).isPositive();
        assertThat(report.get("net").get("framesReceived"))
                .isEqualTo(report.get("net").get("framesSent"));
        assertThat(report.get("net").get("lost").asLong()).isZero();
        assertThat(report.get("blk").get("readsChecked").asLong()).isPositive();
        assertThat(report.get("blk").get("writes").asLong()).isPositive();
        for (String name : new String[] {"seconds", "hostCpuSeconds", "cardCpuSeconds"}) {
            assertThat(report.get(name).asDouble()).as(name).isPositive();
        }
        for (String name : new String[] {"samples", "mean", "min", "p50", "p90", "p99", "p999", "max"}) {
            assertThat(report.get("net").get("latencyNs").has(name)).as(name).isTrue();
        }
        assertThat(report.get("cardCores").isArray()).isTrue();
        assertThat(report.has("kicks") && report.has("calls")).isTrue();
        assertThat(out.toString()).contains("packets/s", "IOPS", "passed");
    }

    @Test
    void onStandardOutputThereIsNothingButJson() throws Exception {
        assertThat(run("demo", "--seconds", "0.5", "--json", "-")).isZero();
        assertThat(JsonMapper.shared().readTree(out.toString()).get("passed").asBoolean())
                .isTrue();
    }

    @Test
    void aTimeThatIsNoneIsWrongUsage() {
        assertThat(run("demo", "--seconds", "0")).isEqualTo(2);
        assertThat(err.toString()).contains("--seconds");
    }

    @Test
    void aTagShowsEveryAlteredByteAndEveryMixUp() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(512, 8);
            Tag.fill(block, 0, 512, 7, 3);
            assertThat(Tag.matches(block, 0, 512, 7, 3)).isTrue();
            assertThat(Tag.matches(block, 0, 512, 7, 2)).isFalse();
            assertThat(Tag.matches(block, 0, 512, 8, 3)).isFalse();
            for (int i = 0; i < 512; i++) {
                byte was = block.get(ValueLayout.JAVA_BYTE, i);
                block.set(ValueLayout.JAVA_BYTE, i, (byte) (was ^ 1));
                assertThat(Tag.matches(block, 0, 512, 7, 3)).as("byte " + i).isFalse();
                block.set(ValueLayout.JAVA_BYTE, i, was);
            }
        }
    }
}
