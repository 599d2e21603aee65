package dev.cipu.bench.versus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.machine.Median;
import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.DriverShape;
import dev.cipu.bench.process.NotificationCount;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.Setup;
import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import dev.cipu.shim.posix.EventFd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is read of other processes: the kernel's files about them, and the lines they write. */
class OutsideViewTest {
    @Test
    void eventCountersAreHexadecimal() {
        assertThat(NotificationCount.count("pos:\t0\nflags:\t02\neventfd-count:               1f\neventfd-id: 3\n"))
                .isEqualTo(31);
        assertThat(NotificationCount.count("pos:\t0\nflags:\t02\n")).isZero();
    }

    @Test
    void aSignalCounts() throws IOException {
        long own = ProcessHandle.current().pid();
        long before = NotificationCount.of(own);
        try (EventFd event = EventFd.create()) {
            event.signal();
            event.signal();
            assertThat(NotificationCount.of(own) - before).isEqualTo(2);
        }
    }

    @Test
    void onlyAListeningSocketCounts() {
        List<String> sockets = List.of(
                "Num       RefCount Protocol Flags    Type St Inode Path",
                "0000000000000000: 00000002 00000000 00010000 0001 01  5051 /tmp/a/peer",
                "0000000000000000: 00000002 00000000 00000000 0001 01  5052 /tmp/a/ours");
        assertThat(Child.isListening(sockets, Path.of("/tmp/a/peer"))).isTrue();
        assertThat(Child.isListening(sockets, Path.of("/tmp/a/ours"))).isFalse();
        assertThat(Child.isListening(sockets, Path.of("/tmp/a"))).isFalse();
    }

    @Test
    void cpuTimesOfTheKernel() {
        MachineFacts.CpuTimes first = MachineFacts.CpuTimes.parse("cpu  100 0 50 800 10 1 9 30 0 0");
        MachineFacts.CpuTimes second = MachineFacts.CpuTimes.parse("cpu  150 0 50 845 15 1 9 30 0 0");
        assertThat(second.since(first)).isEqualTo(new MachineFacts.CpuTimes(100, 50, 0));
        assertThat(second.since(first).busyPercent()).isEqualTo(50);
        assertThat(first.stealPercent()).isEqualTo(3);
    }

    @Test
    void aJobSurvivesItsLine() {
        BlkJob job = new BlkJob(BlkWorkload.RANDWRITE, 4096, 32);
        assertThat(job.label()).isEqualTo("4k-randwrite/qd32");
        BlkLoadSpec spec = BlkJob.parse(job.line(Path.of("/tmp/s"), new RunLength(0.5, 2)), 1);
        assertThat(spec.workload()).isEqualTo(BlkWorkload.RANDWRITE);
        assertThat(spec.blockBytes()).isEqualTo(4096);
        assertThat(spec.depth()).isEqualTo(32);
        assertThat(spec.run().seconds()).isEqualTo(2);
        assertThat(spec.run().warmupSeconds()).isEqualTo(0.5);
        assertThat(spec.run().core()).isEqualTo(1);
        assertThatThrownBy(() -> BlkJob.parse("too short", 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAnswerIsFiguresOrAFailure() throws IOException {
        assertThat(LoadServer.figures("done iops=12.500 kicks=3.000")).isEqualTo(Map.of("iops", 12.5, "kicks", 3.0));
        assertThatThrownBy(() -> LoadServer.figures("failed nobody serves"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nobody serves");
    }

    @Test
    void medians() {
        assertThat(Median.of(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
        assertThat(Median.of(List.of(4.0, 1.0, 2.0, 3.0))).isEqualTo(2.5);
        assertThat(Median.of(List.of())).isZero();
    }

    @Test
    void casesAreChosenByPartsOfTheirNames() {
        Setup all = new Setup("testpmd", 1, 0, List.of(), true);
        Setup some = new Setup("testpmd", 1, 0, List.of("64B", "1518B"), true);
        assertThat(new NetMatch(all, "22.11", DriverShape.SPLIT_MERGEABLE, NetMatch.ALL).scenarios())
                .hasSize(3);
        assertThat(new NetMatch(some, "22.11", DriverShape.SPLIT_MERGEABLE, NetMatch.ALL).scenarios())
                .extracting(Match.Scenario::workload)
                .containsExactly(64, 1518);
    }
}
