package dev.cipu.shim.vfio.server;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.Session;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A session that runs on a thread of its own, and the raw client at its other end. */
final class ServerUnderTest implements AutoCloseable {
    final FakeFunction card = FakeFunction.blk(2);
    final CardQueues queues = new CardQueues(card);
    final FakePciFunction pci;
    final SessionCounters counters = SessionCounters.unlisted();
    final RawClient client;
    private final CompletableFuture<Session.End> end;

    ServerUnderTest(boolean mapDoorbells, int... features) {
        pci = new FakePciFunction(
                card.device(), queues, FeatureSet.of(RingFeature.VERSION_1).or(FeatureSet.of(features)));
        UnixSocket.Pair pair = UnixSocket.pair();
        client = new RawClient(pair.left());
        end = CompletableFuture.supplyAsync(
                () -> run(pair.right(), mapDoorbells),
                task -> Thread.ofPlatform().start(task));
    }

    /** With a client that has agreed on a version. */
    static ServerUnderTest negotiated() {
        ServerUnderTest server = new ServerUnderTest(false);
        server.client.negotiate();
        return server;
    }

    /** With a client whose memory is mapped and whose first queue runs. */
    static ServerUnderTest running(int... features) {
        ServerUnderTest server = new ServerUnderTest(false, features);
        server.client.negotiate();
        server.client.shareMemory();
        if (!server.client.start(0)) {
            throw new AssertionError("the queue does not run");
        }
        return server;
    }

    private Session.End run(UnixSocket socket, boolean mapDoorbells) {
        VfioDevice device = new VfioDevice(pci, pci, card, queues);
        try (VfioSession session = new VfioSession(socket, device, mapDoorbells, RawClient.PATIENCE, counters)) {
            return session.run();
        }
    }

    /** How the session ended, once everything is released; fails when it does not end, or by an exception. */
    Session.End end() {
        return end.orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        client.socket().shutdown();
        end();
        client.close();
    }
}
