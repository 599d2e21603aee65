package dev.cipu.shim.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu card}: card generations and what is known of them. */
@Command(
        name = "card",
        description = "Show card generations, each figure with its source.",
        subcommands = {CardList.class, CardShow.class})
public final class CardCommand implements Subcommand, Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** For {@link java.util.ServiceLoader}. */
    public CardCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: list or show");
    }
}
