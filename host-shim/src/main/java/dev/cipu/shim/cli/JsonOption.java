package dev.cipu.shim.cli;

import java.io.PrintWriter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether machines get the result of a command, too, and where. */
final class JsonOption {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = JsonReport.STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write the result as JSON, to standard output or to this file.")
    private @Nullable String json;

    /** Writes what a command found out, for people by {@code print}, unless standard output is for machines. */
    void report(Object result, Consumer<PrintWriter> print) {
        JsonReport.write(result, json, command.commandLine().getOut(), print);
    }

    /** Shows what is there already: as JSON where that was asked for, or else to people by {@code print}. */
    void show(Object result, Consumer<PrintWriter> print) {
        PrintWriter out = command.commandLine().getOut();
        if (json != null) {
            JsonReport.write(result, json, out);
        } else {
            print.accept(out);
            out.flush();
        }
    }
}
