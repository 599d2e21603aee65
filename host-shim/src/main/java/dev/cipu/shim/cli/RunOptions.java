package dev.cipu.shim.cli;

import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.posix.Affinity;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options of {@code cipu drive} that say how long to run, on what, and where the result goes. */
final class RunOptions {
    @Option(
            names = "--seconds",
            defaultValue = "5",
            paramLabel = "N",
            description = "Measured time (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--count", paramLabel = "N", description = "Measure this many instead of for a time.")
    private long count;

    @Option(
            names = "--warmup",
            defaultValue = "1",
            paramLabel = "SECONDS",
            description = "Time before, not measured (default: ${DEFAULT-VALUE}).")
    private double warmup;

    @Option(
            names = "--interrupt",
            description = "Sleep until the device calls. Without it the driver polls and asks not to be called.")
    private boolean interrupt;

    @Option(
            names = "--core",
            defaultValue = "" + RunSpec.ANY_CORE,
            paramLabel = "N",
            description = "CPU to run on (default: any).")
    private int core;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the result as JSON, '-' for standard output.")
    private @Nullable String json;

    /**
     * What the options ask for.
     *
     * @throws IllegalArgumentException if it cannot be, or the process may not use the core
     */
    RunSpec run() {
        RunSpec run = new RunSpec(seconds, count, warmup, interrupt, core);
        if (core != RunSpec.ANY_CORE) {
            List<Integer> allowed = Affinity.allowed();
            if (!allowed.contains(core)) {
                throw new IllegalArgumentException(
                        "this process may not run on core " + core + "; choose among " + allowed);
            }
        }
        return run;
    }

    /**
     * The load that the options of a command describe.
     *
     * @throws ParameterException if it cannot be
     */
    static <T> T described(CommandSpec command, Supplier<T> load) {
        try {
            return load.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /**
     * Prints the result of a load, writes its JSON where that was asked for, and says how the command ends.
     *
     * @param print writes the result for people; not called when standard output is for JSON
     */
    int report(PrintWriter out, Object result, boolean passed, Consumer<PrintWriter> print) {
        JsonReport.write(result, json, out, print);
        return passed ? ExitCode.DONE : ExitCode.FAILED;
    }
}
