package dev.cipu.bench.suite;

import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.versus.Part;
import dev.cipu.bench.versus.Run;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Parts one after the other. One that lacks what it needs is left out, and one that fails is remembered; the others run all
 * the same. Used once, by one thread.
 */
final class Suite {
    private final List<Part> parts;
    private final List<String> leftOut = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    Suite(List<Part> parts) {
        this.parts = parts;
    }

    /** The cases of all parts that could be measured. Each part that could not gets a line. */
    List<CaseResult> measure(Run run) throws InterruptedException {
        List<CaseResult> cases = new ArrayList<>();
        for (Part part : parts) {
            run.progress().show("part " + part.name());
            try {
                cases.addAll(run.of(part));
            } catch (CommandFailure e) {
                if (e.exitCode() == ExitCode.MISSING) {
                    leftOut.add(part.name());
                    run.progress().line(part.name() + " is left out: " + e.getMessage());
                } else {
                    failed(part, e, run);
                }
            } catch (IOException | RuntimeException e) {
                failed(part, e, run);
            }
        }
        return cases;
    }

    private void failed(Part part, Exception e, Run run) {
        String why =
                part.name() + ": " + (e instanceof CommandFailure || e instanceof IOException ? e.getMessage() : e);
        failures.add(why);
        run.progress().line("failed, the other parts go on: " + why);
    }

    /** One entry for each part that failed: its name and why. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Whether nothing at all could be measured. */
    boolean allLeftOut() {
        return leftOut.size() == parts.size();
    }
}
