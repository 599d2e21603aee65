package dev.cipu.bench.versus;

import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cipu bench compare}. */
@Command(
        name = "compare",
        description = {
            "Compares two reports of 'cipu bench net' or 'blk': did we get slower or faster against the peer?",
            "Exit code 1 when a case got worse by more than noise and tolerance."
        })
public final class CompareBench implements Callable<Integer> {
    private static final double PERCENT = 100;

    @Parameters(index = "0", paramLabel = "OLD", description = "The older report.")
    @SuppressWarnings("NullAway.Init")
    private Path older;

    @Parameters(index = "1", paramLabel = "NEW", description = "The newer one.")
    @SuppressWarnings("NullAway.Init")
    private Path newer;

    @Option(
            names = "--tolerance",
            paramLabel = "PERCENT",
            description = "A change of less is not worth a word (default ${DEFAULT-VALUE}).")
    private double tolerance = 5;

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /**
     * What is written.
     *
     * @param machine the newer report's
     * @param tolerance percent
     * @param cases those that both have
     */
    record Found(JsonNode machine, double tolerance, List<CaseComparison> cases) {}

    @Override
    public Integer call() {
        if (!(tolerance >= 0 && tolerance < PERCENT)) {
            throw new CommandFailure(ExitCode.USAGE, "--tolerance is a percentage from 0 to below 100");
        }
        JsonNode after = read(newer);
        List<CaseComparison> cases = CaseComparison.of(read(older), after, tolerance / PERCENT);
        if (cases.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "the reports have no case with samples in common; give two of the same 'cipu bench' command");
        }
        output.write(new Found(after.path("machine"), tolerance, cases), out -> print(cases, out));
        boolean worse = cases.stream().anyMatch(one -> one.verdict() == CaseComparison.Verdict.WORSE);
        return worse ? ExitCode.FAILED : ExitCode.DONE;
    }

    private static JsonNode read(Path file) {
        try {
            return JsonMapper.builder().build().readTree(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.MISSING, "there is no report " + file, e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.MISSING, file + " cannot be read: " + e.getMessage(), e);
        } catch (JacksonException e) {
            throw new CommandFailure(ExitCode.USAGE, file + " is no report: it is not JSON", e);
        }
    }

    private static void print(List<CaseComparison> cases, PrintWriter out) {
        out.printf("%-36s %8s %8s %8s  %-15s %s%n", "case", "before", "after", "change", "95 % within", "verdict");
        for (CaseComparison one : cases) {
            out.printf(
                    "%-36s %8.2f %8.2f %+7.1f%%  %+6.1f .. %+5.1f%%  %s%n",
                    one.name(),
                    one.before(),
                    one.after(),
                    percent(one.change()),
                    percent(one.low()),
                    percent(one.high()),
                    one.verdict().name().toLowerCase(Locale.ROOT));
        }
    }

    private static double percent(double change) {
        return (change - 1) * PERCENT;
    }
}
