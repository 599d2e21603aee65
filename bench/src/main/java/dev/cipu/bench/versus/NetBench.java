package dev.cipu.bench.versus;

import dev.cipu.bench.report.CaseResult;
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
    protected List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        return run.of(new NetPart());
    }
}
