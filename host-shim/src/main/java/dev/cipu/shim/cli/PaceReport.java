package dev.cipu.shim.cli;

import dev.cipu.dataplane.CounterReader.Group;
import dev.cipu.shim.assembly.CounterFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/** How well one queue of a device with timing, or one direction of it, kept to the delays that it was asked for. */
final class PaceReport {
    private static final double MICRO = 1e3;

    private final Group group;

    private PaceReport(Group group) {
        this.group = group;
    }

    /** Prints a line for each that held something back; nothing if none did. */
    static void print(Path counters, PrintWriter out) {
        try {
            CounterFile.read(counters).groups().stream()
                    .map(PaceReport::new)
                    .filter(report -> report.value("paced") > 0)
                    .forEach(report -> out.println(report.line()));
        } catch (IOException | IllegalArgumentException e) {
            out.println("timing: no counters: " + e.getMessage());
        }
        out.flush();
    }

    private long value(String name) {
        return group.values().getOrDefault(name, 0L);
    }

    private String line() {
        long paced = value("paced");
        return "timing " + group.owner() + ": " + paced + " delayed by " + micros(value("asked_ns") / paced)
                + " us in the mean; error p50 " + micros(value("error_p50_ns")) + " us, p99 "
                + micros(value("error_p99_ns")) + " us, at most " + micros(value("error_max_ns")) + " us"
                + some("overdue", "took the store longer")
                + some("cut_short", "cut short when the queue ended")
                + some("dropped", "more dropped for want of room");
    }

    private String some(String name, String what) {
        long count = value(name);
        return count > 0 ? "; " + count + " " + what : "";
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / MICRO);
    }
}
