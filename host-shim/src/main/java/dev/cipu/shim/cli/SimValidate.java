package dev.cipu.shim.cli;

import dev.cipu.shim.sim.validation.Check;
import dev.cipu.shim.sim.validation.Validation;
import dev.cipu.shim.sim.validation.ValidationText;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cipu sim validate}. */
@Command(
        name = "validate",
        description = "Hold the model against every published figure that it covers; see docs/model-validation.md.")
final class SimValidate implements Callable<Integer> {
    private static final String ROW = "%-12s %-14s %-9s %8s  %s%n";

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
        Validation validation = Validation.run(SimTraffic.threads());
        json.report(validation, out -> print(validation, out));
        return ExitCode.DONE;
    }

    private static void print(Validation validation, PrintWriter out) {
        out.printf(ROW, "published", "model", "", "error", "figure");
        for (Check each : validation.checks()) {
            out.printf(
                    ROW,
                    ValidationText.published(each),
                    ValidationText.model(each),
                    each.fitted() ? "fitted" : "predicted",
                    ValidationText.error(each),
                    each.what());
        }
        out.println();
        out.println(ValidationText.summary(validation));
    }
}
