package dev.cipu.shim.vfio.server;

import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.session.PeerSource;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import java.nio.file.Path;

/** Ways to offer one PCI function to vfio-user clients; they connect, the card listens. */
public final class VfioEndpoint {
    private VfioEndpoint() {}

    /**
     * Listens on {@code path}; clients can connect when this returns. Throws PosixException EADDRINUSE.
     *
     * @param mapDoorbells whether clients may map doorbells; queues are then polled
     * @param slots take the client that is there when the endpoint is closed
     */
    public static SocketEndpoint listen(
            String name,
            Path path,
            VfioDevice device,
            boolean mapDoorbells,
            SessionCounters counters,
            EmptySlots slots) {
        return start(name, device, mapDoorbells, counters, slots, new PeerSource.Listening(UnixListener.listen(path)));
    }

    /** Serves a listening socket that was opened for us, descriptor number {@code fd}. */
    public static SocketEndpoint inherit(
            String name, int fd, VfioDevice device, boolean mapDoorbells, SessionCounters counters, EmptySlots slots) {
        return start(name, device, mapDoorbells, counters, slots, new PeerSource.Listening(UnixListener.inherit(fd)));
    }

    private static SocketEndpoint start(
            String name,
            VfioDevice device,
            boolean mapDoorbells,
            SessionCounters counters,
            EmptySlots slots,
            PeerSource source) {
        return SocketEndpoint.start(
                name,
                counters,
                source,
                socket -> new VfioSession(socket, device, mapDoorbells, SocketEndpoint.PATIENCE, counters, slots));
    }
}
