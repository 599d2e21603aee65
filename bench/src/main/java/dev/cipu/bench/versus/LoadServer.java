package dev.cipu.bench.versus;

import dev.cipu.shim.load.BlkLoad;
import dev.cipu.shim.load.BlkLoadResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The main class of a process that drives block back-ends, one job a line of its standard input, and answers each with
 * one line. It serves both sides of a comparison, so that both meet the same compiled code; the process is pinned to the
 * host core with all its threads, and ends with its input.
 */
public final class LoadServer {
    static final String IOPS = "iops";
    static final String LATENCY = "latencyMicrosP50";
    static final String DONE = "done";
    private static final String FAILED = "failed";
    private static final double NANOS_A_MICRO = 1e3;

    private LoadServer() {}

    /** Takes the core to drive from. */
    public static void main(String[] args) throws IOException {
        int core = Integer.parseInt(args[0]);
        try (BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                System.out.println(answer(line, core));
                System.out.flush();
            }
        }
    }

    private static String answer(String line, int core) {
        try {
            return answer(BlkLoad.run(BlkJob.parse(line, core)));
        } catch (RuntimeException e) {
            return FAILED + " " + String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
        }
    }

    static String answer(BlkLoadResult result) {
        if (!result.passed()) {
            return FAILED + " " + result.errors() + " requests: " + result.firstProblem();
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(IOPS, result.iops());
        figures.put(LATENCY, result.latencyNs().p50() / NANOS_A_MICRO);
        figures.put("latencyMicrosMean", result.latencyNs().mean() / NANOS_A_MICRO);
        figures.put("latencyMicrosP99", result.latencyNs().p99() / NANOS_A_MICRO);
        figures.put("kicks", (double) result.kicks());
        figures.put("calls", (double) result.calls());
        figures.put("allocatedBytes", (double) result.allocatedBytes());
        return DONE + " "
                + figures.entrySet().stream()
                        .map(e -> String.format(Locale.ROOT, "%s=%.3f", e.getKey(), e.getValue()))
                        .collect(Collectors.joining(" "));
    }

    /**
     * The figures in an answer.
     *
     * @throws IOException if the job failed
     */
    static Map<String, Double> figures(String answer) throws IOException {
        String[] words = answer.split(" ", -1);
        if (!words[0].equals(DONE)) {
            throw new IOException("the load " + answer);
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        for (int i = 1; i < words.length; i++) {
            int at = words[i].indexOf('=');
            figures.put(words[i].substring(0, at), Double.parseDouble(words[i].substring(at + 1)));
        }
        return figures;
    }
}
