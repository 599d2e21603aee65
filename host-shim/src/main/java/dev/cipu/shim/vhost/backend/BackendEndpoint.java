package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers one function to front-ends, one after the other, on a thread of its own. Made and closed by the card's control
 * thread. Closing first makes it impossible to connect, then ends the session: a front-end that reconnects meanwhile
 * must not end up in the backlog of a process that is about to die.
 */
public final class BackendEndpoint implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackendEndpoint.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String name;
    private final CardFunction function;
    private final PeerSource source;
    private final Duration patience;
    private final BackendCounters counters;
    private final RateLimit logLimit = new RateLimit(Duration.ofSeconds(1));
    private final EventFd wake = EventFd.create();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable BackendSession current;

    BackendEndpoint(
            String name, CardFunction function, BackendCounters counters, PeerSource source, Duration patience) {
        this.name = name;
        this.function = function;
        this.counters = counters;
        this.source = source;
        this.patience = patience;
        this.thread = Thread.ofPlatform().name("vhost-" + name).daemon().unstarted(this::serve);
    }

    /** Listens on {@code path}; front-ends can connect when this returns. Throws PosixException EADDRINUSE. */
    public static BackendEndpoint listen(String name, Path path, CardFunction function, BackendCounters counters) {
        return started(name, function, counters, new PeerSource.Listening(UnixListener.listen(path)));
    }

    /** Serves a listening socket that was opened for us, descriptor number {@code fd}. */
    public static BackendEndpoint inherit(String name, int fd, CardFunction function, BackendCounters counters) {
        return started(name, function, counters, new PeerSource.Listening(UnixListener.inherit(fd)));
    }

    /** Connects to a front-end that listens on {@code path}, now or whenever it does. */
    public static BackendEndpoint connect(String name, Path path, CardFunction function, BackendCounters counters) {
        return started(name, function, counters, new PeerSource.Connecting(path));
    }

    private static BackendEndpoint started(
            String name, CardFunction function, BackendCounters counters, PeerSource source) {
        try {
            BackendEndpoint endpoint = new BackendEndpoint(name, function, counters, source, PATIENCE);
            endpoint.start();
            return endpoint;
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    void start() {
        thread.start();
    }

    public BackendCounters counters() {
        return counters;
    }

    private void serve() {
        try {
            while (!stopping) {
                UnixSocket socket = source.next(wake);
                if (socket != null) {
                    serve(socket);
                }
            }
        } catch (PosixException e) {
            LOG.error("{}: nobody can connect any more: {}", name, e.getMessage());
        } finally {
            source.close();
        }
    }

    private void serve(UnixSocket socket) {
        boolean counted = false;
        try (socket;
                BackendSession session = new BackendSession(socket, function, patience, counters)) {
            current = session;
            if (stopping) {
                session.stop();
            }
            BackendSession.End end = session.run();
            counted = end.failed();
            current = null;
            log(end);
            if (stopping) {
                source.close();
            }
        } catch (RuntimeException | InternalError e) {
            // Our own bug, or a memory fault that the JVM reports late: this front-end loses its session, the next one
            // gets a new one.
            if (!counted) {
                counters.sessionFailed();
            }
            log(e);
        } finally {
            current = null;
        }
    }

    private void log(BackendSession.End end) {
        if (logLimit.permits()) {
            String how = end.failed() ? "failed" : "ended";
            LOG.info("{}: session {}: {}; features {}{}", name, how, end.reason(), end.features(), unsaid());
        }
    }

    private void log(Throwable e) {
        if (logLimit.permits()) {
            LOG.error("{}: session ended by an internal error{}", name, unsaid(), e);
        }
    }

    private String unsaid() {
        long lines = logLimit.takeSuppressed();
        return lines == 0 ? "" : " (" + lines + " more since the last line)";
    }

    /** Nobody can connect from now on, and the session ends soon; does not wait. Any thread, before {@link #close}. */
    public void stop() {
        stopping = true;
        source.withdraw();
        wake.signal();
        BackendSession session = current;
        if (session != null) {
            session.stop();
        }
    }

    /** Waits until the session has ended and everything is released. */
    @Override
    public void close() {
        stop();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        wake.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
