package dev.cipu.shim.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu link}: the cable of a network device. */
@Command(name = "link", description = "Plug the cable of a network device in, or pull it out; its driver is told.")
public final class LinkCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ControlOptions card = new ControlOptions();

    @Parameters(index = "0", paramLabel = "ID", description = "The device, as 'cipu devices' names it.")
    private String id = "";

    @Parameters(index = "1", paramLabel = "up|down", description = "Plugged in, or pulled out.")
    private String state = "";

    /** For {@link java.util.ServiceLoader}. */
    public LinkCommand() {}

    @Override
    public Integer call() {
        boolean up = switch (state) {
            case Errand.UP -> true;
            case Errand.DOWN -> false;
            default ->
                throw new ParameterException(spec.commandLine(), "a link is not '" + state + "'; say up or down");
        };
        return card.run(Errand.link(id, up), spec.commandLine().getOut());
    }
}
