package dev.cipu.shim.session;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers one function to peers, one after the other, on a thread that lasts while there are any: where we listen, the {@link
 * Lookout} waits for the next one. Made and closed by the card's control thread. Closing first makes it impossible to connect, then ends the session: a peer that reconnects meanwhile
 * must not end up in the backlog of a process that is about to die.
 */
public final class SocketEndpoint implements AutoCloseable {
    /** How long a message of a peer may take, unless somebody says otherwise. */
    public static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(SocketEndpoint.class);

    private final String name;
    private final PeerSource source;
    private final SessionCounters counters;
    private final Opening opening;
    private final RateLimit logLimit = new RateLimit(Duration.ofSeconds(1));
    private final EventFd wake = EventFd.create();
    private final @Nullable Lookout lookout;

    /** Guards {@link #thread}, and whether one is to come. */
    private final Object gate = new Object();

    private @Nullable Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable Session current;

    private SocketEndpoint(String name, SessionCounters counters, PeerSource source, Opening opening) {
        this.name = name;
        this.counters = counters;
        this.source = source;
        this.opening = opening;
        lookout = source instanceof PeerSource.Listening ? Lookout.enter() : null;
    }

    /** Makes a session with a peer that has just connected; it takes the socket. Called on the endpoint's thread. */
    @FunctionalInterface
    public interface Opening {
        Session open(UnixSocket socket);
    }

    /**
     * Serves peers from now on.
     *
     * @param name of the device, for the log
     * @param source where peers come from, the endpoint's to close from now on
     */
    public static SocketEndpoint start(String name, SessionCounters counters, PeerSource source, Opening opening) {
        try {
            SocketEndpoint endpoint = new SocketEndpoint(name, counters, source, opening);
            if (!endpoint.lookOut()) {
                endpoint.begin();
            }
            return endpoint;
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    public SessionCounters counters() {
        return counters;
    }

    /** Waits for the next peer without a thread; false where one has to go and look for peers. */
    private boolean lookOut() {
        if (lookout == null || !(source instanceof PeerSource.Listening listening)) {
            return false;
        }
        synchronized (gate) {
            thread = null;
            if (!stopping) {
                lookout.watch(listening.listener().fd(), this::begin);
            }
        }
        return true;
    }

    private void begin() {
        synchronized (gate) {
            if (!stopping) {
                Thread serving =
                        Thread.ofPlatform().name("session-" + name).daemon().unstarted(this::serve);
                serving.start();
                thread = serving;
            }
        }
    }

    private void serve() {
        boolean resting = false;
        try {
            while (!stopping && !resting) {
                UnixSocket socket = source.next(wake);
                if (socket != null) {
                    serve(socket);
                } else {
                    resting = lookOut();
                }
            }
        } catch (PosixException e) {
            LOG.error("{}: nobody can connect any more: {}", name, e.getMessage());
        } finally {
            if (!resting) {
                source.close();
            }
        }
    }

    private void serve(UnixSocket socket) {
        boolean counted = false;
        try (socket;
                Session session = opening.open(socket)) {
            current = session;
            if (stopping) {
                session.stop();
            }
            Session.End end = session.run();
            counted = end.failed();
            current = null;
            log(end);
            if (stopping) {
                source.close();
            }
        } catch (RuntimeException | InternalError e) {
            // Our own bug, or a memory fault that the JVM reports late: this peer loses its session, the next one
            // gets a new one.
            if (!counted) {
                counters.sessionFailed();
            }
            log(e);
        } finally {
            current = null;
        }
    }

    private void log(Session.End end) {
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
        Session session = current;
        if (session != null) {
            session.stop();
        }
    }

    /** Waits until the session has ended and everything is released. */
    @Override
    public void close() {
        stop();
        Thread serving;
        synchronized (gate) {
            // from now on none begins
            serving = thread;
        }
        boolean interrupted = false;
        while (serving != null && serving.isAlive()) {
            try {
                serving.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (lookout != null && source instanceof PeerSource.Listening listening) {
            lookout.forget(listening.listener().fd());
            lookout.leave();
        }
        source.close();
        wake.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
