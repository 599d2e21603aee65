package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CardSpecException;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.NetSpec;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code cipu qemu-args}: what to add to QEMU's command line so that a guest has the card's devices. */
@Command(
        name = "qemu-args",
        description = {
            "Print the QEMU options for the devices of a card, one device a line.",
            "Takes the options of 'cipu serve', so that one line serves for both. The first line is the memory that"
                    + " guest and card share; the machine has to be told to use it."
        })
public final class QemuArgsCommand implements Subcommand, Callable<Integer> {
    private static final Pattern RELEASE = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})(?:\\.\\d+)*");
    private static final Pattern MEMORY = Pattern.compile("[1-9]\\d{0,8}[MG]");
    private static final Pattern NEEDS_NO_QUOTES = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");
    private static final int BLK_QUEUE_SIZE = 256;

    /** The oldest release known to survive MSI-X on a vhost-user net device without KVM. */
    private static final int MSIX_WORKS = release(8, 0);

    /** From here on it is a client of vfio-user. */
    private static final int VFIO_USER_CAME = release(10, 1);

    /** From here on the time before a new attempt is given in milliseconds. */
    private static final int RECONNECT_IN_MILLISECONDS = release(9, 2);

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CardOptions card = new CardOptions();

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "1G",
            description = "The guest's memory, as QEMU's -m says it: ${DEFAULT-VALUE}.")
    private String memory = "1G";

    @Option(
            names = "--qemu",
            paramLabel = "RELEASE",
            defaultValue = "11.0",
            description =
                    "The release of QEMU: ${DEFAULT-VALUE}. Before 8.0 network devices get no MSI-X, with which it"
                            + " crashes under TCG; before 9.2 the option to reconnect has its older name.")
    private String release = "11.0";

    @Option(
            names = "--only",
            paramLabel = "ID",
            split = ",",
            description =
                    "The devices of this machine, with commas between them, where a card has several. Default: all.")
    private List<String> only = List.of();

    /** For {@link java.util.ServiceLoader}. */
    public QemuArgsCommand() {}

    @Override
    public Integer call() {
        if (!MEMORY.matcher(memory).matches()) {
            throw new ParameterException(
                    spec.commandLine(), "--memory: '" + memory + "' is no size such as 512M or 4G");
        }
        CardSpec described = card.spec();
        int qemu = release();
        List<DeviceSpec> devices = chosen(described.devices());
        PrintWriter out = spec.commandLine().getOut();
        out.println("-m " + memory + " -object memory-backend-memfd,id=mem,size=" + memory
                + ",share=on -machine memory-backend=mem");
        for (DeviceSpec device : devices) {
            out.println(device(device, qemu));
        }
        out.flush();
        return ExitCode.DONE;
    }

    private List<DeviceSpec> chosen(List<DeviceSpec> devices) {
        List<String> ids = devices.stream().map(DeviceSpec::id).toList();
        for (String id : only) {
            if (!ids.contains(id)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--only: the card has no device '" + id + "' for a machine; it has " + String.join(", ", ids));
            }
        }
        return devices.stream()
                .filter(device -> only.isEmpty() || only.contains(device.id()))
                .toList();
    }

    private static int release(int major, int minor) {
        return 1000 * major + minor;
    }

    private int release() {
        var parts = RELEASE.matcher(release);
        if (!parts.matches()) {
            throw new ParameterException(
                    spec.commandLine(), "--qemu: '" + release + "' is no release such as 7.2 or 11.0");
        }
        return release(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
    }

    private static String device(DeviceSpec device, int qemu) {
        String id = device.id();
        if (device.endpoint().transport().isPci()) {
            if (qemu < VFIO_USER_CAME) {
                throw new CardSpecException(
                        id + ": transport=vfio-user needs QEMU 10.1 or newer; say so with --qemu, or use vhost-user");
            }
            return "-device " + quoted(vfioDevice(device));
        }
        String chardev = "-chardev " + quoted("socket,id=" + id + "-c," + socket(device, qemu));
        return switch (device) {
            case NetSpec net ->
                chardev + " -netdev " + quoted(netdev(net)) + " -device " + quoted(netDevice(net, qemu));
            case BlkSpec blk ->
                chardev + " -device "
                        + quoted("vhost-user-blk-pci,id=" + id + ",chardev=" + id + "-c,num-queues=" + blk.queues()
                                + ",queue-size=" + BLK_QUEUE_SIZE);
        };
    }

    /** As JSON, for only so can the option have a socket's address. */
    private static String vfioDevice(DeviceSpec device) {
        ObjectNode node = JsonMapper.shared().createObjectNode();
        node.put("driver", "vfio-user-pci").put("id", device.id());
        node.putObject("socket").put("type", "unix").put("path", absolute(path(device)));
        return node.toString();
    }

    private static String netdev(NetSpec net) {
        String base = "vhost-user,id=" + net.id() + "-n,chardev=" + net.id() + "-c";
        return net.queues() == 1 ? base : base + ",queues=" + net.queues();
    }

    private static String netDevice(NetSpec net, int qemu) {
        StringBuilder device =
                new StringBuilder("virtio-net-pci,id=" + net.id() + ",netdev=" + net.id() + "-n,mac=" + net.mac());
        if (net.mtu() != NetSpec.DEFAULT_MTU) {
            device.append(",host_mtu=").append(net.mtu());
        }
        if (net.queues() > 1) {
            device.append(",mq=on");
        }
        if (qemu < MSIX_WORKS) {
            device.append(",vectors=0");
        } else if (net.queues() > 1) {
            // one for each queue, one for configuration changes, one for the control queue
            device.append(",vectors=").append(2 * net.queues() + 2);
        }
        return device.toString();
    }

    /** A card that connects needs a QEMU that listens; else QEMU is to come back when the card is restarted. */
    private static String socket(DeviceSpec device, int qemu) {
        EndpointSpec at = device.endpoint();
        String name = "path=" + absolute(path(device)).replace(",", ",,");
        if (at.mode() == Mode.CLIENT) {
            return name + ",server=on,wait=off";
        }
        return name + (qemu < RECONNECT_IN_MILLISECONDS ? ",reconnect=1" : ",reconnect-ms=1000");
    }

    private static Path path(DeviceSpec device) {
        Path path = device.endpoint().socket();
        if (path == null) {
            throw new CardSpecException(
                    device.id() + ": key 'socket' is missing; QEMU needs the path of the socket behind fd="
                            + device.endpoint().fd());
        }
        return path;
    }

    private static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    /** For a shell. */
    private static String quoted(String word) {
        return NEEDS_NO_QUOTES.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
