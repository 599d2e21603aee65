package dev.cipu.bench.versus;

import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.TestPmd;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Progress;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code cipu bench net}. */
@Command(
        name = "net",
        description = {
            "Frames per second of one virtio-net queue pair: testpmd's virtio-user driver against DPDK's net_vhost and"
                    + " against us, one core each side, in turns."
        })
public final class NetBench extends ComparisonCommand {
    @Override
    List<CaseResult> compare(BenchOptions options, boolean hugePages, Progress progress)
            throws IOException, InterruptedException {
        String program = Program.find(TestPmd.PROGRAM, Program.searchPath(), TestPmd.PACKAGE);
        Program.find("stdbuf", Program.searchPath(), "coreutils");
        String version = Program.version(program, TestPmd.VERSION_ARGUMENTS);
        Setup setup = options.setup(program, hugePages);
        return all(
                options.comparison(progress),
                List.of(new NetMatch(setup, version, false), new NetMatch(setup, version, true)));
    }

    @Override
    int hugePages() {
        return NetMatch.HUGE_PAGES;
    }
}
