package dev.cipu.bench.jmh;

import dev.cipu.bench.machine.HostFacts;
import dev.cipu.bench.process.Program;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cipu bench jmh}: runs the micro-benchmarks of this package, each in a JVM of its own. */
@Command(
        name = "jmh",
        description = {
            "Micro-benchmarks of the hot pieces: time and allocated bytes of one operation.",
            "Exit code 1 when one allocated that promises not to."
        })
public final class JmhBench implements Callable<Integer> {
    private static final String ALL = ".*";
    private static final TimeValue QUICK = TimeValue.milliseconds(200);

    /** With less the compiler is not done with a frame's whole walk. */
    private static final TimeValue QUICK_WARM_UP = TimeValue.milliseconds(500);

    private static final int LOOKS = 10;

    @Parameters(
            arity = "0..1",
            paramLabel = "PATTERN",
            description = "A regular expression that names benchmarks, such as Ring or Copy.*. Default: all.")
    private String pattern = ALL;

    @Option(names = "--json", paramLabel = "FILE", description = "Write JMH's own JSON results to FILE.")
    private @Nullable String json;

    @Option(
            names = "--page",
            paramLabel = "FILE",
            description = "Write the results to FILE as a page of Markdown, with what each benchmark measures.")
    private @Nullable Path page;

    @Option(names = "--quick", description = "Short iterations. For a first look only.")
    private boolean quick;

    /** For picocli. */
    public JmhBench() {}

    @Override
    public Integer call() throws InterruptedException {
        if (page == null) {
            return verdict(run());
        }
        if (!Files.isDirectory(Objects.requireNonNullElse(page.getParent(), Path.of("")))) {
            throw new CommandFailure(ExitCode.MISSING, "there is no folder for the page " + page + "; make it");
        }
        try {
            // before the run, whose own load would be taken for others'
            HostFacts machine = look();
            List<Outcome> outcomes = run();
            Files.writeString(page, new ResultPage(machine, quick ? "--quick" : "", outcomes).text(arguments(page)));
            return verdict(outcomes);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.MISSING, "the page cannot be written: " + e.getMessage(), e);
        }
    }

    private List<Outcome> run() {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(getClass().getPackageName() + ".*" + pattern)
                // the forks have the options of this JVM, but not what its jar's manifest exports
                .jvmArgsAppend(Program.VECTORS)
                .addProfiler(GCProfiler.class);
        if (quick) {
            options.warmupIterations(2)
                    .warmupTime(QUICK_WARM_UP)
                    .measurementIterations(2)
                    .measurementTime(QUICK);
        }
        if (json != null) {
            options.resultFormat(ResultFormatType.JSON).result(json);
        }
        try {
            return Outcome.of(new Runner(options.build()).run());
        } catch (NoBenchmarksException e) {
            throw new CommandFailure(ExitCode.USAGE, "no benchmark matches " + pattern + "; try Ring or Copy", e);
        } catch (RunnerException e) {
            throw new CommandFailure(ExitCode.FAILED, "a benchmark failed: " + e.getMessage(), e);
        }
    }

    /** The first two cores that this process may use; with one there is no distance to tell. */
    private static HostFacts look() throws IOException, InterruptedException {
        List<Integer> cores = Affinity.allowed();
        return HostFacts.look(cores, cores.get(Math.min(1, cores.size() - 1)), cores.getFirst(), LOOKS);
    }

    /** What was given, so that a reader can repeat it. */
    private String arguments(Path written) {
        List<String> words = new ArrayList<>();
        if (!pattern.equals(ALL)) {
            words.add("'" + pattern + "'");
        }
        if (quick) {
            words.add("--quick");
        }
        words.add("--page");
        words.add(written.toString());
        return String.join(" ", words);
    }

    /**
     * The exit code of a run.
     *
     * @throws CommandFailure if a benchmark allocated that promises not to
     */
    static int verdict(List<Outcome> outcomes) {
        String broken = outcomes.stream()
                .filter(Outcome::breaksPromise)
                .map(one -> String.format(Locale.ROOT, "%s: %.2f B/op", one.label(), one.bytes()))
                .collect(Collectors.joining("; "));
        if (!broken.isEmpty()) {
            throw new CommandFailure(ExitCode.FAILED, "allocates although it promises not to: " + broken);
        }
        return ExitCode.DONE;
    }
}
