package dev.cipu.shim.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu sim}: what a card would reach, by its timing model, and why. */
@Command(
        name = "sim",
        description = "Ask the timing model what a card would reach, and why. See docs/sim.md.",
        subcommands = {
            SimList.class,
            SimRun.class,
            SimExplain.class,
            SimCompare.class,
            SimSweep.class,
            SimValidate.class
        })
public final class SimCommand implements Subcommand, Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** For {@link java.util.ServiceLoader}. */
    public SimCommand() {}

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "say what to do: list, run, explain, compare, sweep or validate");
    }
}
