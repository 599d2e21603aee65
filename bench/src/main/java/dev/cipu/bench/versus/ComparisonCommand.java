package dev.cipu.bench.versus;

import dev.cipu.bench.machine.MachineFacts;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Progress;
import dev.cipu.bench.report.Report;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What the comparisons with peers have in common: the checks before, the table and the report after. */
public abstract class ComparisonCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private BenchOptions options;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ResultOptions output;

    /** The cases of the report; none if the options name none. */
    protected abstract List<CaseResult> measure(Run run) throws IOException, InterruptedException;

    /** The exit code once the report is written. */
    protected int verdict() {
        return ExitCode.DONE;
    }

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
        Progress progress = Progress.to(spec.commandLine().getErr());
        MachineFacts.Before machine = options.cores().before(progress::line);
        Run run = new Run(options, progress);
        List<CaseResult> cases = measure(run);
        progress.done();
        if (cases.isEmpty()) {
            throw new CommandFailure(ExitCode.USAGE, "--case names no case; see docs/benchmarks.md for their names");
        }
        Report report = new Report(machine.after(run.reservedPages()), cases);
        output.writeToAll(report, report::print);
        return verdict();
    }
}
