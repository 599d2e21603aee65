package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where connections to a back-end come from: we connect to it, or listen for it. Owned by the front-end's thread. */
final class Connector implements AutoCloseable {
    private final Path path;
    private final @Nullable UnixListener listener;

    /** @throws FrontEndException if the socket that is to listen cannot be made */
    Connector(Path path, boolean server) {
        this.path = path;
        try {
            listener = server ? UnixListener.listen(path) : null;
        } catch (PosixException | IllegalArgumentException e) {
            throw FrontEndException.missing("cannot listen at " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * A connection.
     *
     * @param patience how long to wait for a back-end to connect; one that should listen must do so now
     */
    UnixSocket connect(Duration patience) {
        UnixListener waiting = listener;
        if (waiting == null) {
            try {
                return UnixSocket.connect(path);
            } catch (PosixException | IllegalArgumentException e) {
                throw FrontEndException.missing("nobody serves " + path + ": " + e.getMessage(), e);
            }
        }
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            UnixSocket socket = waiting.accept();
            if (socket != null) {
                return socket;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw FrontEndException.missing(
                        "nobody connects to " + path + " within " + patience.toMillis() / 1000.0 + " s");
            }
            Readiness.await(left, waiting.fd());
        }
    }

    @Override
    public void close() {
        UnixListener waiting = listener;
        if (waiting != null) {
            waiting.close();
        }
    }
}
