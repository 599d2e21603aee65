package dev.cipu.shim.cli;

import dev.cipu.shim.trace.TraceReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cipu trace info}. */
@Command(name = "info", description = "Show what a trace has: devices, queues, counts, rates, and what was lost.")
final class TraceInfo implements Callable<Integer> {
    private static final String ROW = "%-16s %5s  %-4s %12s %12s %14s %10s %10s%n";

    @Parameters(paramLabel = "DIR", description = "The directory that was recorded to.")
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() {
        TraceSummary summary;
        try (TraceReader trace = TraceReader.open(directory)) {
            summary = TraceSummary.of(trace);
        }
        json.show(summary, out -> print(summary, out));
        return ExitCode.DONE;
    }

    private static void print(TraceSummary summary, PrintWriter out) {
        out.printf(
                "began %s, %.3f s, payload %s%s%n",
                summary.began(),
                summary.seconds(),
                summary.payload(),
                summary.ended() ? "" : "; the card did not end it: it was killed or still runs");
        out.printf("%d transactions, %d lost%n%n", summary.transactions(), summary.lost());
        out.printf(ROW, "device", "queue", "kind", "transactions", "per second", "bytes", "failed", "lost");
        for (TraceSummary.Queue queue : summary.queues()) {
            out.printf(
                    ROW,
                    queue.device(),
                    queue.queue(),
                    queue.kind(),
                    queue.transactions(),
                    Math.round(queue.perSecond()),
                    queue.bytes(),
                    queue.failed(),
                    queue.lost());
        }
    }
}
