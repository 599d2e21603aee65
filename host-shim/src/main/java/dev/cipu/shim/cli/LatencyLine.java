package dev.cipu.shim.cli;

import dev.cipu.shim.load.Latency;
import java.io.PrintWriter;

/** Latency as one line for people, in microseconds. */
final class LatencyLine {
    private static final double MICRO = 1000;

    private LatencyLine() {}

    static void print(PrintWriter out, Latency latency) {
        out.printf(
                "latency us: mean %.2f, p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f%n",
                latency.mean() / MICRO,
                latency.p50() / MICRO,
                latency.p90() / MICRO,
                latency.p99() / MICRO,
                latency.p999() / MICRO,
                latency.max() / MICRO);
    }
}
