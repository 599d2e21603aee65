package dev.cipu.shim.cli;

import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.SingleRootRegisters;
import dev.cipu.shim.vfio.client.VfioClient;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code cipu vfs}: the host of a physical function, who has its virtual ones switched on for as long as it lives. That is the
 * function's rule and not the command's: a client that leaves, leaves it as after power-on.
 */
@Command(
        name = "vfs",
        description = {
            "Switch virtual functions of a PCI function behind vfio-user on, until SIGINT or SIGTERM.",
            "The command is the host that has the physical function. Prints 'ready vf N SOCKET' for each virtual one, as"
                    + " 'cipu serve' names their sockets."
        },
        footer = {
            "",
            "Example:",
            "  cipu serve --net socket=/tmp/n0,transport=vfio-user,vfs=4 &",
            "  cipu vfs /tmp/n0 4",
            "  qemu-system-x86_64 ... -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\","
                    + "\"path\":\"/tmp/n0.vf0\"}}'"
        })
public final class VfsCommand implements Subcommand, Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Between two looks whether they are still there. */
    private static final long LOOK_MILLIS = 500;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SOCKET", description = "Where the physical function is.")
    private Path socket = Path.of("");

    @Parameters(index = "1", paramLabel = "N", description = "How many virtual functions.")
    private int number;

    /** For {@link java.util.ServiceLoader}. */
    public VfsCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        if (number < 1) {
            throw new ParameterException(spec.commandLine(), "there cannot be " + number + " functions; say 1 or more");
        }
        Thread hook = new Thread(VfsCommand::endOnSignal, "cipu-end");
        try (VfioClient client = VfioClient.connect(Peer.of(socket, PATIENCE))) {
            SingleRootRegisters root = SingleRootRegisters.of(new PciRegisters(client));
            if (number > root.total()) {
                throw new ParameterException(
                        spec.commandLine(),
                        socket + " can have " + root.total() + " virtual functions, not " + number
                                + "; say less, or start its card with vfs=" + number);
            }
            root.number(number);
            root.on(true);
            if (!root.isOn()) {
                throw new CommandFailure(
                        ExitCode.FAILED, socket + ": its virtual functions stay off; the log of its card says why");
            }
            Runtime.getRuntime().addShutdownHook(hook);
            say();
            while (root.isOn()) {
                Thread.sleep(LOOK_MILLIS);
            }
            throw new CommandFailure(ExitCode.FAILED, socket + ": its virtual functions were switched off");
        } catch (LinkException e) {
            boolean gone = e.kind() == LinkException.Kind.CLOSED;
            throw gone
                    ? new CommandFailure(ExitCode.MISSING, socket + ": the function is gone; start its card again", e)
                    : e;
        } finally {
            ShutdownHooks.remove(hook);
        }
    }

    private void say() {
        PrintWriter out = spec.commandLine().getOut();
        for (int i = 0; i < number; i++) {
            out.println("ready vf " + i + " " + socket + ".vf" + i);
        }
        out.flush();
    }

    /** The connection ends with the process, and with it the virtual functions. */
    private static void endOnSignal() {
        Runtime.getRuntime().halt(ExitCode.DONE);
    }
}
