package dev.cipu.bench.paced;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.Main;
import dev.cipu.shim.posix.Affinity;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class PacedBenchTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
    }

    @Test
    void itMeasuresWhatTheCardGaveAndWhatTheDriverSaw() {
        assumeTrue(Affinity.allowed().size() >= 2, "two cores");
        int code = run("bench", "paced", "--rate", "2000", "--seconds", "0.5", "--json", "-");
        assertThat(code).as(err.toString()).isEqualTo(ExitCode.DONE);
        JsonNode result = JsonMapper.shared().readTree(out.toString());
        JsonNode seen = result.get("seen");
        assertThat(seen.get("requests").asLong()).isEqualTo(1_000);
        assertThat(seen.get("failed").asLong()).isZero();
        // half of the disk's own reads take 75 us or more, and the card adds to each
        assertThat(seen.get("latency").get("p50").asLong()).isGreaterThanOrEqualTo(75_000);
        assertThat(result.get("card").get("paced").asLong()).isEqualTo(1_000);
        assertThat(result.get("errorP99").asLong())
                .isGreaterThanOrEqualTo(result.get("errorP50").asLong());
    }

    @Test
    void wrongWordsAreSaid() {
        assertThat(run("bench", "paced", "--timing", "none")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("--timing: there is no card 'none'");
        assertThat(run("bench", "paced", "--rate", "0")).isEqualTo(ExitCode.USAGE);
    }
}
