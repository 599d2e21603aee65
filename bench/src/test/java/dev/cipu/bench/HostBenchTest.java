package dev.cipu.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.bench.machine.HostAdvice;
import dev.cipu.bench.machine.HostFacts;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HostBenchTest {
    private static final double NEAR = 55;
    private static final double FAR = 320;

    private static HostFacts facts(
            boolean sharedCore,
            boolean kvm,
            String governor,
            double clockNanos,
            boolean canReserve,
            double busy,
            double steal,
            List<Double> roundTrips) {
        return new HostFacts(
                "a cpu",
                List.of(0, 1),
                1,
                0,
                sharedCore,
                "Linux 6",
                "25",
                true,
                kvm,
                governor,
                "tsc",
                clockNanos,
                0,
                2048,
                canReserve,
                0.1,
                busy,
                steal,
                roundTrips);
    }

    @Test
    void aGoodMachineGetsNoWarning() {
        assertThat(HostAdvice.of(facts(false, true, "performance", 20, true, 1, 0, List.of(NEAR, NEAR))))
                .isEmpty();
        assertThat(HostAdvice.of(facts(false, true, "", 20, true, 1, 0, List.of(NEAR, NEAR))))
                .isEmpty();
    }

    @Test
    void eachThingThatIsWrongIsSaidOnce() {
        List<String> advice =
                HostAdvice.of(facts(true, false, "powersave", 900, false, 40, 2.5, List.of(NEAR, FAR, FAR)));
        assertThat(advice)
                .satisfiesExactly(
                        one -> assertThat(one).contains("threads of one physical core"),
                        one -> assertThat(one).contains("near in 1 looks and far in 2"),
                        one -> assertThat(one).contains("Other programs use 40 %"),
                        one -> assertThat(one).contains("takes 2.5 %"),
                        one -> assertThat(one).contains("(tsc) takes 900 ns"),
                        one -> assertThat(one).contains("'powersave'"),
                        one -> assertThat(one).contains("Huge pages cannot be reserved"),
                        one -> assertThat(one).contains("No KVM"));
        assertThat(HostAdvice.of(facts(false, true, "", 20, true, 1, 0, List.of(FAR))))
                .singleElement()
                .asString()
                .contains("far apart");
        assertThat(HostAdvice.of(facts(false, true, "", 20, true, 1, 0, List.of())))
                .singleElement()
                .asString()
                .contains("need the cores 1 and 0");
    }

    @Test
    void listsOfCpusAreRead() {
        assertThat(HostFacts.siblings("0-2,8\n")).containsExactly(0, 1, 2, 8);
        assertThat(HostFacts.siblings("5")).containsExactly(5);
        assertThat(HostFacts.siblings("")).isEmpty();
    }

    @Test
    void theCommandTellsPeopleAndMachines() {
        StringWriter out = new StringWriter();
        assertThat(Main.run(new PrintWriter(out), new PrintWriter(out), "bench", "host"))
                .isEqualTo(ExitCode.DONE);
        assertThat(out.toString()).contains("processor ", "clock ", "KVM ", "other load ");
        StringWriter json = new StringWriter();
        assertThat(Main.run(
                        new PrintWriter(json),
                        new PrintWriter(json),
                        "bench",
                        "host",
                        "--host-core",
                        "99",
                        "--json",
                        "-"))
                .isEqualTo(ExitCode.DONE);
        JsonNode found = JsonMapper.builder().build().readTree(json.toString());
        assertThat(found.propertyNames()).containsExactly("machine", "cases", "warnings");
        assertThat(found.get("machine").get("clockNanos").asDouble()).isPositive();
        assertThat(found.get("machine").get("roundTrips").size()).isZero();
        assertThat(found.get("warnings").valueStream().map(JsonNode::asString))
                .anyMatch(warning -> warning.contains("99"));
    }
}
