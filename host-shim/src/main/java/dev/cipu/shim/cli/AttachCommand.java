package dev.cipu.shim.cli;

import dev.cipu.shim.control.Answer;
import dev.cipu.shim.control.ControlException;
import dev.cipu.shim.control.DeviceView;
import dev.cipu.shim.control.Request;
import dev.cipu.shim.control.Request.Verb;
import dev.cipu.shim.qemu.Machine;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu attach}: one more device for a running card, and for a running machine. */
@Command(
        name = "attach",
        description = {
            "Add a device to a running card; with --qmp, plug it into a running QEMU guest, too.",
            "Prints 'ready KIND ID SOCKET' when hosts can connect to it."
        },
        footer = {
            "",
            "Examples:",
            "  cipu attach net socket=/tmp/n1 --control /tmp/card",
            "  cipu attach blk socket=/tmp/b1,store=file:/srv/b1.img --control /tmp/card --qmp /tmp/qmp --bus rp0",
            "  cipu attach tap name=eth0,netns=web,addr=10.0.0.2/24 --control /tmp/card"
        })
public final class AttachCommand implements Subcommand, Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ControlOptions card = new ControlOptions();

    @Parameters(index = "0", paramLabel = "KIND", description = "net, blk or tap.")
    private String kind = "";

    @Parameters(
            index = "1",
            arity = "0..*",
            paramLabel = "KEY=VALUE,...",
            description = "The keys of --net, --blk or --tap of 'cipu serve', in one word or in several.")
    private List<String> keys = List.of();

    @Option(
            names = "--qmp",
            paramLabel = "SOCKET",
            description =
                    "The monitor of a running QEMU (-qmp unix:SOCKET,server=on,wait=off) to plug the device into.")
    private @Nullable Path monitor;

    @Option(
            names = "--bus",
            paramLabel = "ID",
            description = "The guest's PCI Express root port that takes the device. Default: QEMU's choice.")
    private @Nullable String bus;

    /** For {@link java.util.ServiceLoader}. */
    public AttachCommand() {}

    @Override
    public Integer call() {
        if (bus != null && monitor == null) {
            throw new ParameterException(spec.commandLine(), "--bus is for --qmp");
        }
        if (monitor != null && !List.of("net", "blk").contains(kind)) {
            throw new ParameterException(spec.commandLine(), "--qmp takes net and blk");
        }
        Errand errand = Errand.attach(kind, keys);
        Answer answer = monitor == null ? card.ask(errand.request()) : attach(errand.request(), monitor);
        return card.report(errand, answer, spec.commandLine().getOut());
    }

    private Answer attach(Request request, Path at) {
        // before the card: it is more likely not to be there
        try (Machine machine = Machine.connect(at)) {
            Answer answer = card.ask(request);
            DeviceView device = answer.devices().getFirst();
            try {
                machine.plug(device, bus);
            } catch (ControlException e) {
                takeBack(device, e);
                throw e;
            }
            return answer;
        }
    }

    private void takeBack(DeviceView device, ControlException why) {
        try {
            card.ask(Request.about(Verb.DETACH, device.id()));
        } catch (ControlException second) {
            why.addSuppressed(second);
        }
    }
}
