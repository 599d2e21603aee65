package dev.cipu.shim.cli;

import dev.cipu.shim.control.Answer;
import dev.cipu.shim.control.ControlClient;
import dev.cipu.shim.control.Request;
import java.io.PrintWriter;
import java.nio.file.Path;
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

    /** For picocli. */
    ControlOptions() {}

    ControlOptions(Path control, @Nullable String json) {
        this.control = control;
        this.json = json;
    }

    Answer ask(Request request) {
        return new ControlClient(control).ask(request);
    }

    /** Asks, and shows the answer; returns the exit code. */
    int run(Errand errand, PrintWriter out) {
        return report(errand, ask(errand.request()), out);
    }

    /** Shows an answer, to people unless standard output is for machines. */
    int report(Errand errand, Answer answer, PrintWriter out) {
        if (!JsonReport.STANDARD_OUTPUT.equals(json)) {
            errand.lines().apply(answer).forEach(out::println);
            out.flush();
        }
        if (json != null) {
            JsonReport.write(answer, json, out);
        }
        return ExitCode.DONE;
    }
}
