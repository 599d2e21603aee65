package dev.cipu.shim.cli;

import dev.cipu.shim.sim.chart.Page;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where a report of {@code cipu sim} goes: to people unless standard output is for machines. */
final class SimOutput {
    @Mixin
    @SuppressWarnings("NullAway.Init")
    private JsonOption json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write the result as a page with charts.")
    private @Nullable Path html;

    /** Writes a report, for people by {@code print}, and with charts if that was asked for. */
    void write(Object report, Supplier<Page> page, Consumer<PrintWriter> print) {
        if (html != null) {
            page.get().write(html);
        }
        json.report(report, print);
    }
}
