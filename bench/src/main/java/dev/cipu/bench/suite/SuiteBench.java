package dev.cipu.bench.suite;

import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.versus.BlkPart;
import dev.cipu.bench.versus.ComparisonCommand;
import dev.cipu.bench.versus.NetPart;
import dev.cipu.bench.versus.Part;
import dev.cipu.bench.versus.Run;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code cipu bench suite}. */
@Command(
        name = "suite",
        description = {
            "All standing comparisons one after the other, in one report for 'cipu bench compare': net, blk, switch, start-up."
                    + " With --quick under two minutes.",
            "A part whose peer is not installed is left out. Exit code 1 when a part failed; the others still run.",
            "The timing model has no part yet; that comes with its module."
        })
public final class SuiteBench extends ComparisonCommand {
    private final List<Part> all;

    @Parameters(arity = "0..*", paramLabel = "PART", description = "Only these parts. Default: all.")
    private List<String> only = List.of();

    private Suite suite = new Suite(List.of());

    /** For picocli. */
    public SuiteBench() {
        this(List.of(new NetPart(), new BlkPart(), new SwitchPart(), new StartUpPart()));
    }

    /**
     * @param all the parts, in the order in which they run
     */
    SuiteBench(List<Part> all) {
        this.all = all;
    }

    @Override
    protected List<CaseResult> measure(Run run) throws InterruptedException {
        suite = new Suite(wanted());
        List<CaseResult> cases = suite.measure(run);
        if (suite.allLeftOut()) {
            throw new CommandFailure(
                    ExitCode.MISSING, "nothing could be measured; the lines above say what is missing");
        }
        if (cases.isEmpty()) {
            // before the report would be written without a case
            verdict();
        }
        return cases;
    }

    private List<Part> wanted() {
        List<String> names = all.stream().map(Part::name).toList();
        for (String name : only) {
            if (!names.contains(name)) {
                throw new CommandFailure(ExitCode.USAGE, "there is no part " + name + ", only " + names);
            }
        }
        return all.stream()
                .filter(part -> only.isEmpty() || only.contains(part.name()))
                .toList();
    }

    @Override
    protected int verdict() {
        if (!suite.failures().isEmpty()) {
            throw new CommandFailure(ExitCode.FAILED, "a part failed: " + String.join("; ", suite.failures()));
        }
        return ExitCode.DONE;
    }
}
