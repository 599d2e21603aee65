package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.session.PeerSource;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import java.nio.file.Path;

/** Ways to offer one function to vhost-user front-ends. */
public final class BackendEndpoint {
    private BackendEndpoint() {}

    /** Listens on {@code path}; front-ends can connect when this returns. Throws PosixException EADDRINUSE. */
    public static SocketEndpoint listen(String name, Path path, CardFunction function, SessionCounters counters) {
        return start(name, function, counters, new PeerSource.Listening(UnixListener.listen(path)));
    }

    /** Serves a listening socket that was opened for us, descriptor number {@code fd}. */
    public static SocketEndpoint inherit(String name, int fd, CardFunction function, SessionCounters counters) {
        return start(name, function, counters, new PeerSource.Listening(UnixListener.inherit(fd)));
    }

    /** Connects to a front-end that listens on {@code path}, now or whenever it does. */
    public static SocketEndpoint connect(String name, Path path, CardFunction function, SessionCounters counters) {
        return start(name, function, counters, new PeerSource.Connecting(path));
    }

    private static SocketEndpoint start(
            String name, CardFunction function, SessionCounters counters, PeerSource source) {
        return SocketEndpoint.start(
                name,
                counters,
                source,
                socket -> new BackendSession(socket, function, SocketEndpoint.PATIENCE, counters));
    }
}
