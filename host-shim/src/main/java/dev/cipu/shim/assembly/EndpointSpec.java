package dev.cipu.shim.assembly;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a host finds a device, and what it finds there.
 *
 * @param socket the path, null only where there is none
 * @param fd the descriptor of {@link Mode#INHERITED}, else -1
 */
public record EndpointSpec(Mode mode, @Nullable Path socket, int fd, Transport transport) {
    /** How a host drives the device. */
    public enum Transport {
        /** Queues over vhost-user; the host makes the PCI function. */
        VHOST_USER,
        /** A PCI function over vfio-user, whose doorbells the host may map; queues are then polled. */
        VFIO_USER,
        /** A PCI function over vfio-user, whose doorbells are messages or events, so that workers can sleep. */
        VFIO_USER_TRAPPED;

        /** Whether the card is a PCI function and not queues alone. */
        public boolean isPci() {
            return this != VHOST_USER;
        }
    }

    /** Over vhost-user. */
    public EndpointSpec(Mode mode, @Nullable Path socket, int fd) {
        this(mode, socket, fd, Transport.VHOST_USER);
    }

    /** Who waits for whom. */
    public enum Mode {
        /** The card listens on the socket. */
        SERVER,
        /** The card connects to the socket, and again when the connection ends. */
        CLIENT,
        /** The card accepts on a listening descriptor that it was started with. */
        INHERITED,
        /** No socket: a guest in this process drives the device. */
        EMBEDDED
    }

    /** For an embedded guest. */
    public static final EndpointSpec EMBEDDED = new EndpointSpec(Mode.EMBEDDED, null, -1);

    public static EndpointSpec server(Path socket) {
        return new EndpointSpec(Mode.SERVER, socket, -1);
    }

    /** What a user calls it: the path, or {@code fd:N}. */
    public String name() {
        return switch (mode) {
            case SERVER, CLIENT -> String.valueOf(socket);
            case INHERITED -> socket == null ? "fd:" + fd : socket.toString();
            case EMBEDDED -> "embedded";
        };
    }
}
