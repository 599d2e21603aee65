package dev.cipu.shim.session;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Where peers come from. Owned by the endpoint's thread, except {@link #withdraw}. */
public sealed interface PeerSource extends AutoCloseable {
    /**
     * The next peer; null if there is none, which may take a while, or when {@code wake} was signalled. Throws PosixException
     * when none can ever come.
     */
    @Nullable
    UnixSocket next(EventFd wake);

    /** Nobody can find us any more. Any thread. */
    default void withdraw() {}

    @Override
    void close();

    /** We listen, see {@link Lookout}; others wait in the backlog while one is served. */
    record Listening(UnixListener listener) implements PeerSource {
        private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

        private static final int LISTENER_READY = 1;

        /** Errors that no later call would be without. */
        private static final Set<String> PERMANENT = Set.of("EBADF", "ENOTSOCK", "EINVAL");

        @Override
        public @Nullable UnixSocket next(EventFd wake) {
            int ready = Readiness.await(0, listener.fd(), wake.fd());
            try {
                UnixSocket socket = listener.accept();
                if (socket == null && ready == LISTENER_READY) {
                    // gone again; or shut down by whoever handed the socket down, and then it stays like this
                    Readiness.await(RETRY_NANOS, wake.fd());
                }
                return socket;
            } catch (PosixException e) {
                if (PERMANENT.contains(e.errnoName())) {
                    throw e;
                }
                // out of descriptors or memory: the peer stays in the backlog
                Readiness.await(RETRY_NANOS, wake.fd());
                return null;
            }
        }

        @Override
        public void withdraw() {
            listener.unlink();
        }

        @Override
        public void close() {
            listener.close();
        }
    }

    /** The peer listens, and we come again and again, at growing intervals while nobody is there. */
    final class Connecting implements PeerSource {
        private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
        private static final long LAST_NANOS = TimeUnit.SECONDS.toNanos(1);

        private final Path path;
        private long interval;

        public Connecting(Path path) {
            this.path = path;
        }

        @Override
        public @Nullable UnixSocket next(EventFd wake) {
            if (interval > 0 && Readiness.await(interval, wake.fd()) != 0) {
                return null;
            }
            try {
                UnixSocket socket = UnixSocket.connect(path);
                // A peer that takes us and drops us at once does not make us spin.
                interval = FIRST_NANOS;
                return socket;
            } catch (PosixException nobody) {
                interval = Math.clamp(interval * 2, FIRST_NANOS, LAST_NANOS);
                return null;
            }
        }

        @Override
        public void close() {}
    }
}
