package dev.cipu.bench.versus;

import dev.cipu.bench.report.CaseResult;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code cipu bench guest}. */
@Command(
        name = "guest",
        description = {
            "What an emulated Linux guest reads a second from a disk of ours over vfio-user, against another over vhost-user, both"
                    + " of one card and in one guest, in turns."
        })
public final class GuestBench extends ComparisonCommand {
    @Override
    protected List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        return run.of(new GuestPart());
    }
}
