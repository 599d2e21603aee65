package dev.cipu.shim.cli;

import dev.cipu.shim.sim.NamedWorkload;
import dev.cipu.shim.sim.OutcomeText;
import dev.cipu.shim.sim.Workloads;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu sim list}. */
@Command(name = "list", description = "List the workloads; 'cipu card list' has the cards.")
final class SimList implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = JsonReport.STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write them as JSON, to standard output or to this file.")
    private @Nullable String json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (json != null) {
            JsonReport.write(Workloads.all(), json, out);
            return ExitCode.DONE;
        }
        for (NamedWorkload each : Workloads.all()) {
            out.printf("%-12s %s%n", each.name(), each.title());
            out.printf("%-12s   %s%n", "", OutcomeText.describe(each.workload()));
        }
        out.flush();
        return ExitCode.DONE;
    }
}
