package dev.cipu.bench;

import dev.cipu.bench.card.AttachBench;
import dev.cipu.bench.card.FunctionsBench;
import dev.cipu.bench.jmh.JmhBench;
import dev.cipu.bench.overhead.OverheadBench;
import dev.cipu.bench.paced.PacedBench;
import dev.cipu.bench.record.RecordBench;
import dev.cipu.bench.sim.SimBench;
import dev.cipu.bench.suite.SuiteBench;
import dev.cipu.bench.versus.BlkBench;
import dev.cipu.bench.versus.CompareBench;
import dev.cipu.bench.versus.GuestBench;
import dev.cipu.bench.versus.NetBench;
import dev.cipu.shim.cli.Subcommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu bench}: us and the peers that are installed here, in the same run. */
@Command(
        name = "bench",
        description = "Compares us with the C programs that are used today, in the same run.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            HostBench.class,
            OverheadBench.class,
            NetBench.class,
            BlkBench.class,
            PacedBench.class,
            GuestBench.class,
            SuiteBench.class,
            CompareBench.class,
            JmhBench.class,
            AttachBench.class,
            FunctionsBench.class,
            SimBench.class,
            RecordBench.class
        })
public final class BenchCommand implements Subcommand, Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** For {@link java.util.ServiceLoader}. */
    public BenchCommand() {}

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "name what to do: host, overhead, net, blk, guest, paced, suite, compare, jmh, attach, functions, sim or"
                        + " record");
    }
}
