package dev.cipu.shim.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cipu devices}: what a running card has at present. */
@Command(
        name = "devices",
        description = "List the devices of a running card: KIND ID SOCKET, or the interface of a tap.")
public final class DevicesCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ControlOptions card = new ControlOptions();

    /** For {@link java.util.ServiceLoader}. */
    public DevicesCommand() {}

    @Override
    public Integer call() {
        return card.run(Errand.devices(), spec.commandLine().getOut());
    }
}
