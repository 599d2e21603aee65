package dev.cipu.bench.versus;

import dev.cipu.bench.report.CaseResult;
import java.io.IOException;
import java.util.List;

/** Cases that belong together, because they need the same peer. The names of its cases begin with its own and a slash. */
public interface Part {
    String name();

    /** Huge pages that the peers would use; without them all sides use small ones. */
    default int hugePages() {
        return 0;
    }

    /**
     * Measures the cases that the run asks for; empty if it asks for none of them.
     *
     * @throws dev.cipu.shim.cli.CommandFailure with {@link dev.cipu.shim.cli.ExitCode#MISSING}, if a peer is not here
     */
    List<CaseResult> measure(Run run) throws IOException, InterruptedException;
}
