package dev.cipu.shim.cli;

import dev.cipu.shim.sim.NamedWorkload;
import dev.cipu.shim.sim.OutcomeText;
import dev.cipu.shim.sim.Workloads;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cipu sim list}. */
@Command(name = "list", description = "List the workloads; 'cipu card list' has the cards.")
final class SimList implements Callable<Integer> {
    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
        json.show(Workloads.all(), SimList::print);
        return ExitCode.DONE;
    }

    private static void print(PrintWriter out) {
        for (NamedWorkload each : Workloads.all()) {
            out.printf("%-12s %s%n", each.name(), each.title());
            out.printf("%-12s   %s%n", "", OutcomeText.describe(each.workload()));
        }
    }
}
