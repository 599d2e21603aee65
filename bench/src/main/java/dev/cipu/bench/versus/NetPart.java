package dev.cipu.bench.versus;

import dev.cipu.bench.process.DriverShape;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.TestPmd;
import dev.cipu.bench.report.CaseResult;
import java.io.IOException;
import java.util.List;

/** Frames against DPDK's {@code net_vhost}, with split and packed rings, however its driver uses them. */
public final class NetPart implements Part {
    @Override
    public String name() {
        return "net";
    }

    @Override
    public int hugePages() {
        return NetMatch.HUGE_PAGES;
    }

    @Override
    public List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        String program = Program.find(TestPmd.PROGRAM, Program.searchPath(), TestPmd.PACKAGE);
        Program.find("stdbuf", Program.searchPath(), "coreutils");
        String version = Program.version(program, TestPmd.VERSION_ARGUMENTS);
        Setup setup = run.setup(program);
        return run.compare(List.of(
                new NetMatch(setup, version, DriverShape.SPLIT, NetMatch.ALL),
                new NetMatch(setup, version, DriverShape.SPLIT_MERGEABLE, NetMatch.ALL),
                new NetMatch(setup, version, DriverShape.PACKED, NetMatch.ALL),
                new NetMatch(setup, version, DriverShape.PACKED_MERGEABLE, NetMatch.SMALLEST),
                new NetMatch(setup, version, DriverShape.PACKED_ANY_ORDER, NetMatch.SMALLEST),
                new NetMatch(setup, version, DriverShape.PACKED_VECTORIZED, NetMatch.SMALLEST)));
    }
}
