package dev.cipu.bench.jmh;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.AverageTimeResult;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ResultRole;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.ScalarResult;
import org.openjdk.jmh.runner.IterationType;
import org.openjdk.jmh.runner.WorkloadParams;
import org.openjdk.jmh.runner.options.TimeValue;

/** Results as JMH hands them over, without a run. */
final class MadeUpResult {
    private static final TimeValue SECOND = TimeValue.seconds(1);

    private MadeUpResult() {}

    /**
     * A result of one iteration for each score.
     *
     * @param benchmark class and method
     * @param parameters by name
     * @param prefix of the profiler's names
     * @param bytes an operation
     * @param rate megabytes a second
     * @param scores in ns
     */
    static RunResult of(
            String benchmark,
            Map<String, String> parameters,
            String prefix,
            double bytes,
            double rate,
            double... scores) {
        WorkloadParams workload = new WorkloadParams();
        int index = 0;
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            workload.put(parameter.getKey(), parameter.getValue(), index++);
        }
        IterationParams iterations = new IterationParams(IterationType.MEASUREMENT, scores.length, SECOND, 1);
        BenchmarkParams params = new BenchmarkParams(
                benchmark,
                benchmark,
                true,
                1,
                new int[] {1},
                List.of(),
                1,
                0,
                iterations,
                iterations,
                Mode.AverageTime,
                workload,
                TimeUnit.NANOSECONDS,
                1,
                "java",
                List.of(),
                "25",
                "vm",
                "25",
                "1.37",
                SECOND);
        BenchmarkResult fork = new BenchmarkResult(
                params,
                java.util.Arrays.stream(scores)
                        .mapToObj(score -> iteration(params, iterations, prefix, bytes, rate, score))
                        .toList());
        return new RunResult(params, List.of(fork));
    }

    private static IterationResult iteration(
            BenchmarkParams params,
            IterationParams iterations,
            String prefix,
            double bytes,
            double rate,
            double nanos) {
        IterationResult result = new IterationResult(params, iterations, null);
        long operations = 1_000_000;
        result.addResult(new AverageTimeResult(
                ResultRole.PRIMARY, "score", operations, (long) (nanos * operations), TimeUnit.NANOSECONDS));
        result.addResult(new ScalarResult(prefix + "gc.alloc.rate.norm", bytes, "B/op", AggregationPolicy.AVG));
        result.addResult(new ScalarResult(prefix + "gc.alloc.rate", rate, "MB/sec", AggregationPolicy.AVG));
        return result;
    }
}
