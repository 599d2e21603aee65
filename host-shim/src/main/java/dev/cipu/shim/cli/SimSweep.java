package dev.cipu.shim.cli;

import dev.cipu.shim.sim.sweep.SpecReader;
import dev.cipu.shim.sim.sweep.Sweep;
import dev.cipu.shim.sim.sweep.SweepResult;
import dev.cipu.shim.sim.sweep.SweepSpec;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu sim sweep}. */
@Command(
        name = "sweep",
        description = {
            "Run a card over many figures of it and of the workload, and show what nothing beats.",
            "Results are appended to a CSV file; a sweep that was stopped goes on where it was. docs/examples/sweeps has some."
        })
final class SimSweep implements Callable<Integer> {
    private static final String ERASE = "\r\033[K";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "SPEC", description = "What to vary, and what to look for: a YAML file, see docs/sim.md.")
    @SuppressWarnings("NullAway.Init")
    private Path file;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description = "Where results go, and which points are known already. Default: beside SPEC, ending in .csv.")
    private @Nullable Path csv;

    @Option(names = "--threads", paramLabel = "N", description = "Simulations at a time. Default: one a core.")
    private @Nullable Integer threads;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SimOutput output;

    @Override
    public Integer call() {
        int many = threads == null ? SimTraffic.threads() : threads;
        if (many < 1) {
            throw new CommandFailure(ExitCode.USAGE, "--threads is " + many + "; give 1 or more");
        }
        SweepSpec sweep = SpecReader.read(file);
        Path results = csv == null ? beside(file) : csv;
        PrintWriter err = spec.commandLine().getErr();
        boolean live = Terminal.isInteractive();
        SweepResult result = new Sweep(sweep, results, many).run((done, all) -> {
            if (live) {
                err.print(ERASE + done + " of " + all + " points");
                err.flush();
            }
        });
        if (live) {
            err.print(ERASE);
            err.flush();
        }
        output.write(result, result::page, result::print);
        return ExitCode.DONE;
    }

    private static Path beside(Path file) {
        String name = String.valueOf(file.getFileName()).replaceFirst("\\.ya?ml$", "");
        return file.resolveSibling(name + ".csv");
    }
}
