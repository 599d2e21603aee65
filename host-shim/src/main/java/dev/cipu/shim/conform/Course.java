package dev.cipu.shim.conform;

import dev.cipu.shim.probe.LinkException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Runs checks one after the other, until the device is gone. Owned by one thread. */
final class Course {
    private final String gone;
    private final BooleanSupplier isThere;
    private final Consumer<CheckResult> each;
    private boolean over;

    /**
     * @param what is examined
     * @param isThere whether it still is
     * @param each hears of every result at once
     */
    Course(String what, BooleanSupplier isThere, Consumer<CheckResult> each) {
        gone = what + " is gone";
        this.isThere = isThere;
        this.each = each;
    }

    List<CheckResult> run(List<Step> steps) {
        List<CheckResult> results = new ArrayList<>();
        for (Step step : steps) {
            for (CheckResult result : run(step)) {
                results.add(result);
                each.accept(result);
            }
        }
        return results;
    }

    private List<CheckResult> run(Step step) {
        if (over) {
            return step.ids().stream()
                    .map(id -> result(id, new Findings.Finding(Verdict.SKIP, gone), 0))
                    .toList();
        }
        long start = System.nanoTime();
        List<CheckResult> results = new ArrayList<>();
        Step.Run run = step.open().get();
        Findings findings = run.findings();
        try (findings) {
            Findings.Finding rest = attempt(run.body());
            double seconds = seconds(start);
            boolean good = findings.findings().values().stream().noneMatch(f -> f.verdict() == Verdict.FAIL)
                    && rest.verdict() != Verdict.FAIL;
            findings.close();
            over = (step.rough() || !good) && !isThere.getAsBoolean();
            for (String id : step.ids()) {
                Findings.Finding finding = findings.findings().getOrDefault(id, rest);
                if (over && good) {
                    finding = new Findings.Finding(Verdict.FAIL, finding.seen() + "; then " + gone);
                }
                results.add(result(id, finding, seconds));
            }
        }
        return results;
    }

    /** Runs the check; returns what holds for the ids that it has not reported. */
    private static Findings.Finding attempt(Runnable body) {
        try {
            body.run();
            return new Findings.Finding(Verdict.SKIP, "nothing to be seen");
        } catch (Skipped e) {
            return new Findings.Finding(Verdict.SKIP, String.valueOf(e.getMessage()));
        } catch (LinkException | Disk.Unanswered | IllegalStateException e) {
            // what the driver's half throws at a used ring that makes no sense is an IllegalStateException
            return new Findings.Finding(Verdict.FAIL, String.valueOf(e.getMessage()));
        }
    }

    private static CheckResult result(String id, Findings.Finding finding, double seconds) {
        Demands.Demand demand = Demands.of(id);
        return new CheckResult(id, demand.level(), demand.text(), finding.verdict(), finding.seen(), seconds);
    }

    static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
