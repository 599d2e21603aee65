package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CpuUsageTest {
    private static final long WORK_NANOS = 50_000_000;

    private static void work() {
        long end = System.nanoTime() + WORK_NANOS;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aThreadThatWorksIsChargedForItAndOneThatSleepsIsNot() throws InterruptedException {
        CpuUsage before = CpuUsage.ofThisThread();
        Thread.sleep(50);
        CpuUsage slept = CpuUsage.ofThisThread().since(before);
        work();
        CpuUsage worked = CpuUsage.ofThisThread().since(before).since(slept);
        assertThat(slept.switches()).isPositive();
        assertThat(slept.cpuNanos()).isBetween(0L, WORK_NANOS / 2);
        assertThat(worked.cpuNanos()).isGreaterThan(WORK_NANOS / 10);
    }

    @Test
    void threadsOfAProcessAreToldByName() throws InterruptedException {
        Thread busy = Thread.ofPlatform().name("cpu-usage-test").start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
        });
        Thread.sleep(50);
        Map<String, CpuUsage> threads =
                CpuUsage.ofThreads(ProcessHandle.current().pid());
        busy.interrupt();
        busy.join();
        assertThat(threads).containsKey("cpu-usage-test");
        assertThat(threads.getOrDefault("cpu-usage-test", CpuUsage.NONE).cpuNanos())
                .isPositive();
    }

    @Test
    void aProcessThatIsNotThereIsAnError() {
        assertThatThrownBy(() -> CpuUsage.ofThreads(Long.MAX_VALUE)).isInstanceOf(UncheckedIOException.class);
    }
}
