package dev.cipu.shim.cli;

import dev.cipu.shim.control.Answer;
import dev.cipu.shim.control.ControlClient;
import dev.cipu.shim.control.Request;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of the commands that ask a running card. */
final class ControlOptions {
    @Option(
            names = "--control",
            required = true,
            paramLabel = "SOCKET",
            description = "The running card's control socket, as 'cipu serve --control' has it.")
    @SuppressWarnings("NullAway.Init")
    private Path control;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the answer as JSON ('-': standard output).")
    private @Nullable String json;

    Answer ask(Request request) {
        return new ControlClient(control).ask(request);
    }

    /** Shows an answer, to people unless standard output is for machines. */
    int report(Answer answer, PrintWriter out, Consumer<PrintWriter> print) {
        if (!JsonReport.STANDARD_OUTPUT.equals(json)) {
            print.accept(out);
            out.flush();
        }
        if (json != null) {
            JsonReport.write(answer, json, out);
        }
        return ExitCode.DONE;
    }
}
