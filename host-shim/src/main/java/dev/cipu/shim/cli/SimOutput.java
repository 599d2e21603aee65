package dev.cipu.shim.cli;

import dev.cipu.shim.sim.chart.Page;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a report of {@code cipu sim} goes: to people unless standard output is for machines. */
final class SimOutput {
    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = JsonReport.STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write the result as JSON, to standard output or to this file.")
    private @Nullable String json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write the result as a page with charts.")
    private @Nullable Path html;

    /** Prints the report for people. */
    interface Text {
        void print(PrintWriter out);
    }

    void write(Object report, Supplier<Page> page, Text text, PrintWriter out) {
        if (html != null) {
            page.get().write(html);
        }
        if (json != null) {
            JsonReport.write(report, json, out);
        }
        if (!JsonReport.STANDARD_OUTPUT.equals(json)) {
            text.print(out);
        }
    }
}
