package dev.cipu.shim.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu trace}: what {@code cipu serve --record} wrote. */
@Command(
        name = "trace",
        description = "Show what a card recorded (cipu serve --record), make other formats of it, or do it once more.",
        subcommands = {TraceInfo.class, TraceExport.class, TraceReplay.class})
public final class TraceCommand implements Subcommand, Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** For {@link java.util.ServiceLoader}. */
    public TraceCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: info, export or replay");
    }
}
