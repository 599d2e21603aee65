package dev.cipu.bench.versus;

import dev.cipu.bench.machine.HostAdvice;
import dev.cipu.bench.machine.HugePages;
import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Progress;
import dev.cipu.bench.report.Report;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.JsonReport;
import java.io.Console;
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
        options.requireCores();
        try {
            return run();
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILED, "the comparison broke off: " + e.getMessage(), e);
        }
    }

    private int run() throws IOException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = new Progress(err, isTerminal());
        MachineFacts.Before machine = MachineFacts.before(options.hostCore(), options.cardCore());
        if (machine.busy() > HostAdvice.BUSY) {
            progress.line("warning: other programs use " + machine.busy()
                    + " % of the machine; the figures will not be good for much");
        }
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
        try (HugePages pages = HugePages.reserve(hugePages())) {
            progress.show(pages.count() + " huge pages reserved");
            return measured(machine, true, progress);
        } catch (HugePages.Refused e) {
            progress.line("warning: " + e.getMessage() + "; small pages it is, on both sides");
            return measured(machine, false, progress);
        }
    }

    private Report measured(MachineFacts.Before machine, boolean hugePages, Progress progress)
            throws IOException, InterruptedException {
        List<CaseResult> cases = compare(options, hugePages, progress);
        return new Report(machine.after(), cases);
    }

    /** Whether a person looks at it, so that a line may be drawn over. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
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

    /** Where peers are looked for. */
    static String searchPath() {
        String path = System.getenv("PATH");
        return path == null ? "" : path;
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
