package dev.cipu.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.shim.cli.JsonReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReportTest {
    private final Report report = new Report(
            new MachineFacts("a cpu", 2, 1, 0, "Linux 6", "25", 416, 2048, 0.5, 1.5, 0.1),
            List.of(new CaseResult(
                    "net/64B/split/mrg=0",
                    "packets/s",
                    30,
                    20,
                    "DPDK",
                    1.5,
                    List.of(new Sample(Sample.OURS, 1, Map.of("packetsPerSecond", 30.0), 90, 91, "near", true)),
                    "near",
                    "packetsPerSecond",
                    true)));

    @Test
    void hasTheNamesThatOthersRelyOn() {
        StringWriter json = new StringWriter();
        JsonReport.write(report, JsonReport.STANDARD_OUTPUT, new PrintWriter(json));
        JsonNode root = JsonMapper.builder().build().readTree(json.toString());
        assertThat(root.propertyNames()).containsExactly("machine", "cases");
        JsonNode only = root.get("cases").get(0);
        assertThat(only.propertyNames())
                .contains("name", "unit", "ours", "peer", "peerName", "ratio", "samples", "placement");
        assertThat(only.get("name").asString()).isEqualTo("net/64B/split/mrg=0");
        assertThat(only.get("ratio").asDouble()).isEqualTo(1.5);
        assertThat(only.get("placement").asString()).isEqualTo("near");
        JsonNode sample = only.get("samples").get(0);
        assertThat(sample.get("side").asString()).isEqualTo("ours");
        assertThat(sample.get("figures").get("packetsPerSecond").asDouble()).isEqualTo(30);
        assertThat(root.get("machine").propertyNames())
                .contains("cpu", "cores", "kernel", "jdk", "hugePages", "loadBefore", "steal");
    }

    @Test
    void theTableHasALineForEachCase() {
        StringWriter out = new StringWriter();
        report.print(new PrintWriter(out));
        assertThat(out.toString().lines()).hasSize(2).last().asString().contains("net/64B/split/mrg=0", "1.50", "near");
    }
}
