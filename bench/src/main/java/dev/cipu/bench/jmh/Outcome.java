package dev.cipu.bench.jmh;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What JMH found about one benchmark with one set of parameters.
 *
 * @param piece the class of benchmarks that it belongs to
 * @param name of the benchmark's method
 * @param parameters {@code name=value}, in JMH's order, empty if there are none
 * @param score mean of all iterations
 * @param error half of the interval that holds the true mean in 999 of 1,000 cases; NaN of too few iterations
 * @param unit of both
 * @param bytes allocated on the heap by one operation; NaN if no profiler looked
 * @param rate megabytes a second that this made; NaN likewise
 */
record Outcome(
        Class<?> piece,
        String name,
        String parameters,
        double score,
        double error,
        String unit,
        double bytes,
        double rate) {
    /** Bytes an operation that break the promise: the smallest object, of 16 bytes, in one operation of 1,600. */
    static final double SOME_BYTES = 0.01;

    /**
     * Megabytes a second that JMH itself may allocate. The profiler adds these to the benchmark's own, about 6 kB in each
     * iteration, which makes 0.03 MB/s of those of 200 ms; to a slow operation that is more than {@link #SOME_BYTES}. An
     * operation of 10 us that allocates one object makes 1.6.
     */
    static final double HARNESS_RATE = 0.1;

    /** As GCProfiler calls it; releases of JMH before 1.36 put a dot before it. */
    private static final String RATE = "gc.alloc.rate";

    private static final String BYTES = RATE + ".norm";

    /** JMH's results, class by class, in JMH's order within each. */
    static List<Outcome> of(Collection<RunResult> results) {
        return results.stream()
                .map(Outcome::of)
                .sorted(Comparator.comparing(one -> one.piece().getSimpleName()))
                .toList();
    }

    private static Outcome of(RunResult result) {
        BenchmarkParams params = result.getParams();
        Result<?> score = result.getPrimaryResult();
        String benchmark = params.getBenchmark();
        int dot = benchmark.lastIndexOf('.');
        return new Outcome(
                piece(benchmark.substring(0, dot)),
                benchmark.substring(dot + 1),
                params.getParamsKeys().stream()
                        .map(key -> key + "=" + params.getParam(key))
                        .collect(Collectors.joining(", ")),
                score.getScore(),
                score.getScoreError(),
                score.getScoreUnit(),
                profiled(result, BYTES),
                profiled(result, RATE));
    }

    private static Class<?> piece(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("JMH ran a class that is not here: " + name, e);
        }
    }

    @SuppressWarnings("rawtypes") // JMH's own signature
    private static double profiled(RunResult result, String figure) {
        return result.getSecondaryResults().entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(figure))
                .mapToDouble(entry -> entry.getValue().getScore())
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Whether it must not allocate. */
    boolean promisesNoBytes() {
        return piece.isAnnotationPresent(AllocatesNothing.class)
                || Arrays.stream(piece.getMethods())
                        .filter(method -> method.getName().equals(name))
                        .anyMatch(Outcome::promises);
    }

    private static boolean promises(Method method) {
        return method.isAnnotationPresent(AllocatesNothing.class);
    }

    /** Whether it allocates although it must not. */
    boolean breaksPromise() {
        return promisesNoBytes() && bytes > SOME_BYTES && rate > HARNESS_RATE;
    }

    /** {@code RingBenchmark.driver (shape=ONE)}. */
    String label() {
        return piece.getSimpleName() + "." + name + (parameters.isEmpty() ? "" : " (" + parameters + ")");
    }
}
