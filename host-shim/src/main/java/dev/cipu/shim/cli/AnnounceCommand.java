package dev.cipu.shim.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu announce}: the network hears where a guest is. */
@Command(
        name = "announce",
        description = {
            "Have the network told where the guest of a network device is now.",
            "Its driver does it if it can be asked to, else the card does."
        })
public final class AnnounceCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ControlOptions card = new ControlOptions();

    @Parameters(paramLabel = "ID", description = "The device, as 'cipu devices' names it.")
    private String id = "";

    /** For {@link java.util.ServiceLoader}. */
    public AnnounceCommand() {}

    @Override
    public Integer call() {
        return card.run(Errand.announce(id), spec.commandLine().getOut());
    }
}
