package dev.cipu.bench.report;

import dev.cipu.bench.machine.MachineFacts;
import java.io.PrintWriter;
import java.util.List;

/**
 * All that a comparison found, as the JSON report has it.
 *
 * @param machine where
 * @param cases what
 */
public record Report(MachineFacts machine, List<CaseResult> cases) {
    /** The table for people. */
    public void print(PrintWriter out) {
        out.printf("%-36s %14s %14s %8s  %-6s %s%n", "case", "ours", "peer", "ratio", "cores", "unit");
        for (CaseResult one : cases) {
            out.printf(
                    "%-36s %,14.1f %,14.1f %8.2f  %-6s %s%n",
                    one.name(), one.ours(), one.peer(), one.ratio(), one.placement(), one.unit());
        }
        out.flush();
    }
}
