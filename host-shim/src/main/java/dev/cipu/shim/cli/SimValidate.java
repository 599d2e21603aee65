package dev.cipu.shim.cli;

import dev.cipu.shim.sim.validation.Check;
import dev.cipu.shim.sim.validation.Validation;
import dev.cipu.shim.sim.validation.ValidationText;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cipu sim validate}. */
@Command(
        name = "validate",
        description = "Hold the model against every published figure that it covers; see docs/model-validation.md.")
final class SimValidate implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = JsonReport.STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write the result as JSON, to standard output or to this file.")
    private @Nullable String json;

    @Override
    public Integer call() {
        Validation validation = Validation.run(SimTraffic.threads());
        PrintWriter out = spec.commandLine().getOut();
        if (json != null) {
            JsonReport.write(validation, json, out);
        }
        if (!JsonReport.STANDARD_OUTPUT.equals(json)) {
            out.printf("%-12s %-14s %-9s %8s  %s%n", "published", "model", "", "error", "figure");
            for (Check each : validation.checks()) {
                out.printf(
                        "%-12s %-14s %-9s %8s  %s%n",
                        ValidationText.published(each),
                        ValidationText.model(each),
                        each.fitted() ? "fitted" : "predicted",
                        ValidationText.error(each),
                        each.what());
            }
            out.println();
            out.println(ValidationText.summary(validation));
            out.flush();
        }
        return ExitCode.DONE;
    }
}
