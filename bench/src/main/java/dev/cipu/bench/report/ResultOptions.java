package dev.cipu.bench.report;

import dev.cipu.shim.cli.JsonReport;
import java.io.PrintWriter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where the result of a benchmark goes: to people, and to machines if they are to have it. */
public final class ResultOptions {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the result to FILE as JSON; - is standard output.")
    private @Nullable String json;

    /** For picocli. */
    public ResultOptions() {}

    /** Writes a result, for people by {@code print}; nothing for them if standard output is for machines. */
    public void write(Object result, Consumer<PrintWriter> print) {
        JsonReport.write(result, json, command.commandLine().getOut(), print);
    }

    /** Writes a result that took long: people have it on standard error if standard output is for machines. */
    public void writeToAll(Object result, Consumer<PrintWriter> print) {
        if (JsonReport.STANDARD_OUTPUT.equals(json)) {
            print.accept(command.commandLine().getErr());
            command.commandLine().getErr().flush();
        }
        write(result, print);
    }
}
