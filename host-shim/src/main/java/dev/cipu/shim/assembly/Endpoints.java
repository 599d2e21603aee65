package dev.cipu.shim.assembly;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vfio.server.EmptySlots;
import dev.cipu.shim.vfio.server.VfioDevice;
import dev.cipu.shim.vfio.server.VfioEndpoint;
import dev.cipu.shim.vhost.backend.BackendEndpoint;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Opens the sockets at which hosts find devices. */
final class Endpoints {
    private Endpoints() {}

    /**
     * Hosts can connect when this returns.
     *
     * @param pci as which function the device is presented, null if it is its queues alone
     * @param slots take the client of a function that is pulled out
     * @throws ResourceException if another process serves its socket, or the descriptor is none
     */
    static SocketEndpoint open(
            DeviceSpec device,
            CardFunction function,
            @Nullable VfioDevice pci,
            SessionCounters counters,
            EmptySlots slots) {
        EndpointSpec at = device.endpoint();
        try {
            return pci != null
                    ? presented(device, pci, counters, slots)
                    : switch (at.mode()) {
                        case SERVER -> BackendEndpoint.listen(device.id(), path(at), function, counters);
                        case CLIENT -> BackendEndpoint.connect(device.id(), path(at), function, counters);
                        case INHERITED -> BackendEndpoint.inherit(device.id(), at.fd(), function, counters);
                        case EMBEDDED -> throw new IllegalStateException(device.id() + " is for an embedded guest");
                    };
        } catch (PosixException e) {
            throw refused(device, e);
        }
    }

    /** A function on somebody's PCI bus. */
    private static SocketEndpoint presented(
            DeviceSpec device, VfioDevice pci, SessionCounters counters, EmptySlots slots) {
        EndpointSpec at = device.endpoint();
        boolean mapDoorbells = at.transport() == EndpointSpec.Transport.VFIO_USER;
        return at.mode() == EndpointSpec.Mode.INHERITED
                ? VfioEndpoint.inherit(device.id(), at.fd(), pci, mapDoorbells, counters, slots)
                : VfioEndpoint.listen(device.id(), path(at), pci, mapDoorbells, counters, slots);
    }

    private static Path path(EndpointSpec at) {
        return Objects.requireNonNull(at.socket());
    }

    private static ResourceException refused(DeviceSpec device, PosixException e) {
        String at = device.id() + ": socket " + device.endpoint().name();
        String mend = switch (e.errnoName()) {
            case "EADDRINUSE" -> " is served by another process; end that one or choose another path";
            case "ENOENT" -> " has no directory to be in; make it";
            case "EACCES", "EPERM", "EROFS" -> " may not be made there; choose a directory of yours";
            case "EBADF", "ENOTSOCK" -> " is no open socket; hand down a listening one under this number";
            case "EINVAL" -> " does not listen; call listen on it before it is handed down";
            default -> " cannot be served: " + e.getMessage();
        };
        return new ResourceException(at + mend, e);
    }
}
