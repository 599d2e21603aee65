package dev.cipu.shim.control;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.ResourceException;
import dev.cipu.shim.control.Answer.Cause;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Takes requests for a running card on a socket that only its user can connect to; one request after the other, on the card's
 * control thread, which calls {@link #turn}. A client that breaks the rules, or begins a request and does not end it, loses its
 * connection and disturbs nobody.
 */
public final class ControlServer implements AutoCloseable {
    /** Clients at a time; more wait in the socket's backlog. */
    static final int MOST_CLIENTS = 8;

    /** How long a client may say nothing. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final CardControl control;
    private final UnixListener listener;
    private final long patience;
    private final List<ControlSession> sessions = new ArrayList<>();

    private ControlServer(CardControl control, UnixListener listener, Duration patience) {
        this.control = control;
        this.listener = listener;
        this.patience = patience.toNanos();
    }

    /**
     * Listens; clients can connect when this returns.
     *
     * @throws ResourceException if the path cannot be had
     */
    public static ControlServer listen(Path path, CardAssembly card) {
        return listen(path, card, PATIENCE);
    }

    static ControlServer listen(Path path, CardAssembly card, Duration patience) {
        try {
            return new ControlServer(new CardControl(card), UnixListener.listenPrivately(path), patience);
        } catch (PosixException e) {
            throw new ResourceException(
                    "control: " + e.getMessage() + "; choose a path in a directory of yours that no other card uses",
                    e);
        }
    }

    /** Answers the requests that are there, or come within this time. */
    public void turn(long maxNanos) {
        long deadline = System.nanoTime() + maxNanos;
        for (long left = maxNanos; left > 0; left = deadline - System.nanoTime()) {
            boolean full = sessions.size() >= MOST_CLIENTS;
            List<Fd> watched = new ArrayList<>();
            sessions.forEach(session -> watched.add(session.fd()));
            if (!full) {
                watched.add(listener.fd());
            }
            int ready = Readiness.await(left, watched.toArray(Fd[]::new));
            serve(ready);
            if (!full && (ready & 1 << (watched.size() - 1)) != 0) {
                accept();
            }
        }
    }

    private void serve(int ready) {
        long now = System.nanoTime();
        int bit = 1;
        for (Iterator<ControlSession> all = sessions.iterator(); all.hasNext(); bit <<= 1) {
            ControlSession session = all.next();
            boolean goesOn = (ready & bit) != 0 ? session.serve(control, now) : now - session.heardAt() < patience;
            if (!goesOn) {
                session.close();
                all.remove();
            }
        }
    }

    private void accept() {
        try {
            UnixSocket socket = listener.accept();
            if (socket != null) {
                sessions.add(new ControlSession(socket, System.nanoTime()));
            }
        } catch (PosixException e) {
            // out of descriptors: the client stays in the backlog
            Readiness.await(RETRY_NANOS);
        }
    }

    /** Nobody can connect any more. Any thread. */
    public void withdraw() {
        listener.unlink();
    }

    @Override
    public void close() {
        listener.close();
        sessions.forEach(ControlSession::close);
        sessions.clear();
    }

    /** For a request that is no line in time or size. */
    static Answer tooLong() {
        return Answer.refused(Cause.USAGE, "a request of more than " + Request.MOST_BYTES + " bytes");
    }
}
