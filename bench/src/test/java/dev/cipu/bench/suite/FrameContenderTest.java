package dev.cipu.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.Setup;
import dev.cipu.shim.posix.Affinity;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameContenderTest {
    private static final RunLength SHORT = new RunLength(0.01, 0.02);

    private final int core = Affinity.allowed().getFirst();

    @Test
    void aLostFrameEndsTheComparison() {
        FrameContender contender = new FrameContender(core, bytes -> {
            throw new IllegalStateException("only 31 of 32 frames arrived");
        });
        assertThatThrownBy(() -> contender.measure(64, SHORT)).hasStackTraceContaining("only 31 of 32");
    }

    @Test
    void onlyWantedCasesAreRun() {
        assertThat(new SwitchMatch(new Setup("", 1, 0, List.of("switch/64B", "qd32"), false)).scenarios())
                .singleElement()
                .satisfies(scenario -> assertThat(scenario.workload()).isEqualTo(64));
        assertThat(new SwitchMatch(new Setup("", 1, 0, List.of(), false)).scenarios())
                .hasSize(3);
    }
}
