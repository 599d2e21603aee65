package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

class PerfCounterTest {
    @Test
    void countsWhatTheKernelCounts() throws InterruptedException {
        boolean root = ProcessHandle.current().info().user().orElse("").equals("root");
        assumeTrue(root, "only root may count everywhere");
        try (PerfCounter switches = PerfCounter.open(PerfCounter.Event.CONTEXT_SWITCHES, 0)) {
            assertThat(switches).isNotNull();
            long before = switches.read();
            for (int i = 0; i < 10; i++) {
                Thread.sleep(1);
            }
            assertThat(switches.read() - before).isGreaterThanOrEqualTo(10);
        }
    }

    @Test
    void aThreadThatIsNotThereHasNoCounter() {
        assertThat(PerfCounter.open(PerfCounter.Event.CACHE_MISSES, Integer.MAX_VALUE))
                .isNull();
    }
}
