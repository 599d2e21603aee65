package dev.cipu.shim.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that say where machines find the results. */
final class ReportOptions {
    @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON ('-': standard output).")
    private @Nullable String json;

    @Option(names = "--junit", paramLabel = "FILE", description = "Write the results as JUnit XML, for CI.")
    private @Nullable String junit;

    /** Where people read: nowhere if standard output is for machines. */
    PrintWriter human(PrintWriter out) {
        return JsonReport.STANDARD_OUTPUT.equals(json) ? new PrintWriter(Writer.nullWriter()) : out;
    }

    void write(String suite, Object report, List<JUnitXml.Case> cases, PrintWriter out) {
        if (json != null) {
            JsonReport.write(report, json, out);
        }
        if (junit != null) {
            JUnitXml.write(suite, cases, junit);
        }
    }
}
