package dev.cipu.shim.session;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.ReadySet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for peers at all the listening sockets of this process, on one thread that lasts as long as there are any: most functions
 * of a card have no host most of the time, and a thread each for that would be most of what they take.
 */
final class Lookout {
    private static final Logger LOG = LoggerFactory.getLogger(Lookout.class);

    /** Before somebody is told again that could not do anything. */
    private static final long RETRY_MILLIS = 100;

    private final ReadySet sockets = new ReadySet();
    private final Map<Integer, Runnable> waiting = new ConcurrentHashMap<>();

    private final EventFd end = EventFd.create();
    private final Thread thread = Thread.ofPlatform().name("lookout").daemon().unstarted(this::run);
    private volatile boolean ending;

    /** The only one, while somebody has entered and not left. */
    private static @Nullable Lookout only;

    private static int users;

    private Lookout() {
        sockets.watch(end.fd());
        thread.start();
    }

    /** Whoever enters leaves once, after {@link #forget}. */
    static synchronized Lookout enter() {
        Lookout lookout = only;
        if (lookout == null) {
            lookout = new Lookout();
            only = lookout;
        }
        users++;
        return lookout;
    }

    void leave() {
        synchronized (Lookout.class) {
            users--;
            if (users > 0) {
                return;
            }
            only = null;
        }
        ending = true;
        end.signal();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        sockets.close();
        end.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Calls {@code told} once, on the lookout's thread, when a peer waits at {@code listener}; that thread must not be kept. At
     * most one waits for a socket.
     */
    void watch(Fd listener, Runnable told) {
        waiting.put(listener.number(), told);
        sockets.watch(listener);
    }

    /** Before the socket is closed. A call that is under way may still come. */
    void forget(Fd listener) {
        if (listener.isOpen()) {
            waiting.remove(listener.number());
            sockets.forget(listener);
        }
    }

    private void run() {
        while (!ending) {
            sockets.await(Long.MAX_VALUE, number -> {
                Runnable told = waiting.remove(number);
                if (told != null) {
                    tell(told);
                }
            });
        }
    }

    private static void tell(Runnable told) {
        while (true) {
            try {
                told.run();
                return;
            } catch (OutOfMemoryError e) {
                // no room for a thread: the peer stays in the backlog, as all others do
                LOG.error("nobody can be served for now: {}", e.getMessage());
                try {
                    Thread.sleep(RETRY_MILLIS);
                } catch (InterruptedException _) {
                    // nobody interrupts this thread
                }
            }
        }
    }
}
