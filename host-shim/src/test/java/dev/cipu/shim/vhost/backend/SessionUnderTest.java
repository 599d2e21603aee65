package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.Session;
import dev.cipu.shim.session.SessionCounters;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A session that runs on a thread of its own, and the raw front-end at its other end. */
final class SessionUnderTest implements AutoCloseable {
    final FakeFunction function;
    final SessionCounters counters = SessionCounters.unlisted();
    final RawFrontEnd front;
    private final CompletableFuture<Session.End> end;

    SessionUnderTest(FakeFunction function) {
        this.function = function;
        UnixSocket.Pair pair = UnixSocket.pair();
        front = new RawFrontEnd(pair.left());
        end = CompletableFuture.supplyAsync(
                () -> run(pair.right()), task -> Thread.ofPlatform().start(task));
    }

    private Session.End run(UnixSocket socket) {
        try (BackendSession session = new BackendSession(socket, function, RawFrontEnd.PATIENCE, counters)) {
            return session.run();
        }
    }

    static SessionUnderTest blk() {
        return new SessionUnderTest(FakeFunction.blk(2));
    }

    static SessionUnderTest net() {
        return new SessionUnderTest(FakeFunction.net(2));
    }

    /** How the session ended, once everything is released; fails when it does not end, or by an exception. */
    Session.End end() {
        return end.orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        front.socket().shutdown();
        end();
        front.close();
    }
}
