package dev.cipu.bench.jmh;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.util.concurrent.Callable;
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
@Command(name = "jmh", description = "Micro-benchmarks of the hot pieces: time and allocated bytes of one operation.")
public final class JmhBench implements Callable<Integer> {
    private static final TimeValue QUICK = TimeValue.milliseconds(200);

    @Parameters(
            arity = "0..1",
            paramLabel = "PATTERN",
            description = "A regular expression that names benchmarks, such as Ring or Copy.*. Default: all.")
    private String pattern = ".*";

    @Option(names = "--json", paramLabel = "FILE", description = "Write JMH's own JSON results to FILE.")
    private @Nullable String json;

    @Option(names = "--quick", description = "Short iterations. For a first look only.")
    private boolean quick;

    /** For picocli. */
    public JmhBench() {}

    @Override
    public Integer call() {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(getClass().getPackageName() + ".*" + pattern)
                .addProfiler(GCProfiler.class);
        if (quick) {
            options.warmupIterations(2)
                    .warmupTime(QUICK)
                    .measurementIterations(2)
                    .measurementTime(QUICK);
        }
        if (json != null) {
            options.resultFormat(ResultFormatType.JSON).result(json);
        }
        try {
            new Runner(options.build()).run();
        } catch (NoBenchmarksException e) {
            throw new CommandFailure(ExitCode.USAGE, "no benchmark matches " + pattern + "; try Ring or Copy", e);
        } catch (RunnerException e) {
            throw new CommandFailure(ExitCode.FAILED, "a benchmark failed: " + e.getMessage(), e);
        }
        return ExitCode.DONE;
    }
}
