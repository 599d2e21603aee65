package dev.cipu.shim.assembly;

import dev.cipu.device.pci.VirtualFunctions;
import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.EndpointSpec.Transport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the keys that say where a host finds a device, and what it finds there. */
final class EndpointKeys {
    private static final Map<String, Mode> MODES = inOrder("server", Mode.SERVER, "client", Mode.CLIENT);
    private static final Map<String, Transport> TRANSPORTS =
            inOrder("vhost-user", Transport.VHOST_USER, "vfio-user", Transport.VFIO_USER);
    private static final Map<String, Transport> DOORBELLS =
            inOrder("mapped", Transport.VFIO_USER, "trapped", Transport.VFIO_USER_TRAPPED);

    /** What a Unix socket's address has room for. */
    static final int SOCKET_PATH_BYTES = 107;

    private EndpointKeys() {}

    /** Names in the order in which messages list them. */
    private static <E> Map<String, E> inOrder(String first, E one, String second, E other) {
        Map<String, E> names = new LinkedHashMap<>();
        names.put(first, one);
        names.put(second, other);
        return names;
    }

    static EndpointSpec endpoint(KeyValues values) {
        String socket = values.text("socket");
        int fd = values.number("fd", -1, 0, Integer.MAX_VALUE);
        Mode mode = values.choice("mode", MODES, Mode.SERVER);
        Transport transport = transport(values);
        if (transport.isPci() && mode == Mode.CLIENT) {
            throw values.wrong("mode", "is client", "leave it out: vfio-user clients connect to the card");
        }
        Path path = socket == null ? null : Path.of(socket);
        if (fd >= 0) {
            if (mode == Mode.CLIENT) {
                throw values.wrong("fd", "is a listening socket", "leave mode=client out");
            }
            return new EndpointSpec(Mode.INHERITED, path, fd, transport);
        }
        if (socket == null || path == null) {
            throw values.missing("socket", "socket=/tmp/cipu-net0.sock");
        }
        if (bytes(socket) > SOCKET_PATH_BYTES) {
            throw values.wrong(
                    "socket", "is longer than a socket's path may be", "use at most " + SOCKET_PATH_BYTES + " bytes");
        }
        return new EndpointSpec(mode, path, -1, transport);
    }

    private static Transport transport(KeyValues values) {
        Transport transport = values.choice("transport", TRANSPORTS, Transport.VHOST_USER);
        boolean named = values.text("doorbells") != null;
        if (named && !transport.isPci()) {
            throw values.wrong("doorbells", "is of transport=vfio-user", "leave it out");
        }
        return named ? values.choice("doorbells", DOORBELLS, transport) : transport;
    }

    /** How many virtual functions the device can have; they need room for their names and sockets. */
    static int virtualFunctions(KeyValues values, String id, EndpointSpec physical) {
        int total = values.number("vfs", 0, 0, VirtualFunctions.MOST);
        if (total == 0) {
            return 0;
        }
        Path socket = physical.socket();
        if (!physical.transport().isPci()) {
            throw values.wrong("vfs", "is of transport=vfio-user", "add that, or leave it out");
        }
        if (socket == null) {
            throw values.wrong("vfs", "needs a path beside which the others' sockets are", "say socket= besides fd=");
        }
        String last = VirtualSpec.suffix(total - 1);
        if (id.length() + last.length() > CardSpecBuilder.NAME_CHARACTERS) {
            throw values.wrong("id", "has no room for '" + last + "' behind it", "choose a shorter one");
        }
        if (bytes(socket + last) > SOCKET_PATH_BYTES) {
            throw values.wrong("socket", "has no room for '" + last + "' behind it", "choose a shorter one");
        }
        return total;
    }

    static int bytes(String path) {
        return path.getBytes(StandardCharsets.UTF_8).length;
    }
}
