package dev.cipu.bench.machine;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Options that say which two cores a benchmark uses. */
public final class CoreOptions {
    @Option(names = "--host-core", paramLabel = "CPU", description = "Where the load runs (default ${DEFAULT-VALUE}).")
    private int hostCore = 1;

    @Option(
            names = "--card-core",
            paramLabel = "CPU",
            description = "Where the servers run, ours and the peers' (default ${DEFAULT-VALUE}).")
    private int cardCore;

    /** For picocli. */
    public CoreOptions() {}

    public int hostCore() {
        return hostCore;
    }

    public int cardCore() {
        return cardCore;
    }

    /** What this machine can show on the two cores, looked at several times. */
    public HostFacts look(int looks) throws IOException, InterruptedException {
        return HostFacts.look(Affinity.allowed(), hostCore, cardCore, looks);
    }

    /** The machine before the run. Says so where others use it. */
    public MachineFacts.Before before(Consumer<String> warn) throws IOException, InterruptedException {
        MachineFacts.Before before = MachineFacts.before(hostCore, cardCore);
        before.warnIfBusy(warn);
        return before;
    }

    /** Fails if the two cores are not there. */
    public void require() {
        require(Affinity.allowed());
    }

    /**
     * Fails if the two cores are not there.
     *
     * @param allowed the CPUs that this process may use
     */
    public void require(List<Integer> allowed) {
        if (allowed.size() < 2) {
            throw new CommandFailure(
                    ExitCode.MISSING, "a comparison needs two cores, and this process may use one; allow it another");
        }
        if (hostCore == cardCore) {
            throw new CommandFailure(ExitCode.USAGE, "--host-core and --card-core are the same; give each its own");
        }
        for (int core : List.of(hostCore, cardCore)) {
            if (!allowed.contains(core)) {
                throw new CommandFailure(
                        ExitCode.MISSING, "there is no core " + core + " for this process, only " + allowed);
            }
        }
    }
}
