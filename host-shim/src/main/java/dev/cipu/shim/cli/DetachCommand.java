package dev.cipu.shim.cli;

import dev.cipu.shim.qemu.Machine;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu detach}: a device leaves a running card. */
@Command(
        name = "detach",
        description = {
            "Take a device out of a running card; with --qmp, out of a running QEMU guest first.",
            "Without --qmp the device is gone for whoever uses it: a surprise removal."
        })
public final class DetachCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ControlOptions card = new ControlOptions();

    @Parameters(paramLabel = "ID", description = "The device, as 'cipu devices' names it.")
    private String id = "";

    @Option(
            names = "--qmp",
            paramLabel = "SOCKET",
            description = "The monitor of the running QEMU that has the device: its guest is asked to let go of it.")
    private @Nullable Path monitor;

    /** For {@link java.util.ServiceLoader}. */
    public DetachCommand() {}

    @Override
    public Integer call() {
        if (monitor != null) {
            try (Machine machine = Machine.connect(monitor)) {
                machine.unplug(id);
            }
        }
        return card.run(Errand.detach(id), spec.commandLine().getOut());
    }
}
