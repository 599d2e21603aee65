package dev.cipu.shim.qemu;

import dev.cipu.shim.control.Answer.Cause;
import dev.cipu.shim.control.ControlException;
import dev.cipu.shim.control.DeviceView;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A running machine of QEMU, into which devices of the card are plugged and from which they are pulled. What fails half-way is
 * taken back. The parts are named as {@code cipu qemu-args} names them, so that devices from QEMU's command line can be pulled, too.
 */
public final class Machine implements AutoCloseable {
    /** How long a guest may take to let go of a device: Linux waits five seconds before it begins. */
    private static final Duration UNPLUG_PATIENCE = Duration.ofSeconds(30);

    /** The oldest release known to survive MSI-X on a vhost-user net device without KVM. */
    private static final int MSIX_WORKS = Qmp.release(8, 0);

    /** From here on the time before a new attempt is given in milliseconds. */
    private static final int RECONNECT_IN_MILLISECONDS = Qmp.release(9, 2);

    /**
     * Releases that know vfio-user and abort when such a device with MSI-X leaves: the part of its table that they made themselves is
     * taken apart twice. Seen with 11.1.
     */
    private static final int FUNCTIONS_COME = Qmp.release(10, 1);

    private static final int FUNCTIONS_LEAVE = Qmp.release(11, 2);

    private static final String FUNCTION = "vfio-user-pci";

    private static final int BLK_QUEUE_SIZE = 256;
    private static final int DEFAULT_MTU = 1500;

    private final Qmp qmp;

    private Machine(Qmp qmp) {
        this.qmp = qmp;
    }

    /**
     * Connects to a machine's monitor.
     *
     * @throws ControlException if there is none
     */
    public static Machine connect(Path monitor) {
        try {
            return new Machine(Qmp.connect(monitor));
        } catch (InterruptedIOException e) {
            throw new ControlException(
                    Cause.MISSING,
                    "QEMU at " + monitor + " does not answer; is somebody else connected to its monitor?",
                    e);
        } catch (IOException | UnsupportedOperationException e) {
            throw new ControlException(
                    Cause.MISSING,
                    "no QEMU answers at " + monitor + " (" + e.getMessage() + "); start it with -qmp unix:" + monitor
                            + ",server=on,wait=off",
                    e);
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /**
     * Plugs a device of the card in.
     *
     * @param bus a free PCI Express root port, null for where QEMU likes it
     * @throws ControlException if QEMU refuses; nothing is left of it then
     */
    public void plug(DeviceView device, @Nullable String bus) {
        Deque<Step> undoing = new ArrayDeque<>();
        try {
            if (device.pci()) {
                qmp.execute("device_add", function(device, bus));
                return;
            }
            qmp.execute("chardev-add", chardev(device));
            undoing.push(() -> qmp.execute("chardev-remove", Map.of("id", chardevOf(device.id()))));
            if (device.kind().equals("net")) {
                qmp.execute("netdev_add", netdev(device));
                undoing.push(() -> qmp.execute("netdev_del", Map.of("id", netdevOf(device.id()))));
            }
            qmp.execute("device_add", device(device, bus));
        } catch (IOException e) {
            ControlException failure = failed("QEMU did not take " + device.id(), e);
            while (!undoing.isEmpty()) {
                try {
                    undoing.pop().run();
                } catch (IOException second) {
                    failure.addSuppressed(second);
                }
            }
            throw failure;
        }
    }

    /**
     * Pulls a device out: the guest is asked, and when it has let go of the device what was behind it goes, too.
     *
     * @throws ControlException if the guest does not let go of it, or QEMU refuses; the device stays where it is then
     */
    public void unplug(String id) {
        try {
            refuseIfFatal(id);
            if (exists(() -> qmp.execute("device_del", Map.of("id", id)))) {
                awaitGone(id);
            }
            exists(() -> qmp.execute("netdev_del", Map.of("id", netdevOf(id))));
            exists(() -> qmp.execute("chardev-remove", Map.of("id", chardevOf(id))));
        } catch (InterruptedIOException e) {
            throw new ControlException(
                    Cause.FAILED,
                    "the guest does not let go of " + id + "; nothing was detached: try again when it runs",
                    e);
        } catch (IOException e) {
            throw failed("QEMU did not give " + id + " back", e);
        }
    }

    /** The guest would die of it, and its neighbours' devices with it. */
    private void refuseIfFatal(String id) throws IOException {
        if (qmp.release() < FUNCTIONS_COME || qmp.release() >= FUNCTIONS_LEAVE) {
            return;
        }
        exists(() -> {
            JsonNode type = qmp.execute("qom-get", Map.of("path", "/machine/peripheral/" + id, "property", "type"));
            if (type.asString("").equals(FUNCTION)) {
                throw new IOException("this release aborts when a PCI function leaves it; nothing was detached: detach "
                        + id + " without --qmp, which leaves an empty slot");
            }
        });
    }

    private void awaitGone(String id) throws IOException {
        JsonNode event = qmp.await(each -> isAbout(each, "DEVICE_DELETED", id) || isRefusal(each, id), UNPLUG_PATIENCE);
        if (isRefusal(event, id)) {
            throw new IOException("the guest refused to give it back");
        }
    }

    private static boolean isRefusal(JsonNode event, String id) {
        return isAbout(event, "DEVICE_UNPLUG_GUEST_ERROR", id);
    }

    private static boolean isAbout(JsonNode event, String name, String id) {
        return event.path("event").asString("").equals(name)
                && event.path("data").path("device").asString("").equals(id);
    }

    /** Does something to a part; false if there is none, for example because an earlier attempt came so far. */
    private static boolean exists(Step step) throws IOException {
        try {
            step.run();
            return true;
        } catch (QmpException e) {
            if (e.isNoSuchThing()) {
                return false;
            }
            throw e;
        }
    }

    private static ControlException failed(String what, IOException e) {
        return new ControlException(Cause.FAILED, what + ": " + e.getMessage(), e);
    }

    private static String chardevOf(String id) {
        return id + "-c";
    }

    private static String netdevOf(String id) {
        return id + "-n";
    }

    /** A card that connects needs a QEMU that listens; else QEMU is to come back when the card is restarted. */
    private Map<String, Object> chardev(DeviceView device) {
        Map<String, Object> socket = new LinkedHashMap<>();
        socket.put("addr", Map.of("type", "unix", "data", Map.of("path", device.at())));
        socket.put("server", !device.listens());
        if (!device.listens()) {
            socket.put("wait", false);
        } else if (qmp.release() < RECONNECT_IN_MILLISECONDS) {
            socket.put("reconnect", 1);
        } else {
            socket.put("reconnect-ms", 1000);
        }
        return Map.of("id", chardevOf(device.id()), "backend", Map.of("type", "socket", "data", socket));
    }

    private static Map<String, Object> netdev(DeviceView device) {
        return Map.of(
                "type", "vhost-user",
                "id", netdevOf(device.id()),
                "chardev", chardevOf(device.id()),
                "queues", device.queues());
    }

    private static Map<String, Object> named(DeviceView device, @Nullable String bus) {
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("id", device.id());
        if (bus != null) {
            made.put("bus", bus);
        }
        return made;
    }

    /** QEMU connects to the function itself. */
    private static Map<String, Object> function(DeviceView device, @Nullable String bus) {
        Map<String, Object> made = named(device, bus);
        made.put("driver", FUNCTION);
        made.put("socket", Map.of("type", "unix", "path", device.at()));
        return made;
    }

    private Map<String, Object> device(DeviceView device, @Nullable String bus) {
        Map<String, Object> made = named(device, bus);
        if (device.kind().equals("blk")) {
            made.put("driver", "vhost-user-blk-pci");
            made.put("chardev", chardevOf(device.id()));
            made.put("num-queues", device.queues());
            made.put("queue-size", BLK_QUEUE_SIZE);
            return made;
        }
        made.put("driver", "virtio-net-pci");
        made.put("netdev", netdevOf(device.id()));
        made.put("mac", device.mac());
        // nobody boots from it any more
        made.put("romfile", "");
        if (device.mtu() != DEFAULT_MTU) {
            made.put("host_mtu", device.mtu());
        }
        if (device.queues() > 1) {
            made.put("mq", true);
        }
        if (qmp.release() < MSIX_WORKS) {
            made.put("vectors", 0);
        } else if (device.queues() > 1) {
            // one for each queue, one for configuration changes, one for the control queue
            made.put("vectors", 2 * device.queues() + 2);
        }
        return made;
    }

    @Override
    public void close() {
        try {
            qmp.close();
        } catch (IOException _) {
            // there was nothing left to say
        }
    }
}
