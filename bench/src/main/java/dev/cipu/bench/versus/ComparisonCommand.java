package dev.cipu.bench.versus;

import dev.cipu.bench.machine.HugePages;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Progress;
import dev.cipu.bench.report.Report;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What the comparisons with a peer have in common: the checks before, the table and the report after. */
abstract class ComparisonCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private BenchOptions options;

    /**
     * Runs all matches; empty if the options name no case.
     *
     * @param hugePages whether as many as {@link #hugePages} could be had
     */
    abstract List<CaseResult> compare(BenchOptions options, boolean hugePages, Progress progress)
            throws IOException, InterruptedException;

    /** Huge pages that the peers would use; without them all sides use small ones. */
    abstract int hugePages();

    @Override
    public Integer call() throws InterruptedException {
        options.require();
        try {
            return run();
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILED, "the comparison broke off: " + e.getMessage(), e);
        }
    }

    private int run() throws IOException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = Progress.to(err);
        MachineFacts.Before machine =
                MachineFacts.before(options.cores().hostCore(), options.cores().cardCore());
        machine.warnIfBusy(progress::line);
        Report report = hugePages() == 0 ? measured(machine, false, progress) : withHugePages(machine, progress);
        progress.done();
        if (report.cases().isEmpty()) {
            throw new CommandFailure(ExitCode.USAGE, "--case names no case; see docs/benchmarks.md for their names");
        }
        report(report);
        return ExitCode.DONE;
    }

    private Report withHugePages(MachineFacts.Before machine, Progress progress)
            throws IOException, InterruptedException {
        try (HugePages pages = HugePages.reserveOrWarn(hugePages(), progress::line)) {
            return measured(machine, pages != null, progress);
        }
    }

    private Report measured(MachineFacts.Before machine, boolean hugePages, Progress progress)
            throws IOException, InterruptedException {
        List<CaseResult> cases = compare(options, hugePages, progress);
        return new Report(machine.after(), cases);
    }

    private void report(Report report) {
        PrintWriter out = spec.commandLine().getOut();
        String file = options.json();
        boolean jsonOnly = JsonReport.STANDARD_OUTPUT.equals(file);
        report.print(jsonOnly ? spec.commandLine().getErr() : out);
        if (file != null) {
            JsonReport.write(report, file, out);
        }
    }

    /** Runs these matches one after the other. */
    static <W> List<CaseResult> all(Comparison comparison, List<? extends Match<W>> matches)
            throws IOException, InterruptedException {
        List<CaseResult> results = new ArrayList<>();
        for (Match<W> match : matches) {
            results.addAll(comparison.run(match));
        }
        return results;
    }
}
