package dev.cipu.shim.vhost.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.card.FakeFunction;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.session.PeerSource;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vhost.Request;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class BackendEndpointTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(5);

    @TempDir
    Path folder;

    @Test
    void closingRemovesThePathAndEndsTheSession() throws Exception {
        long before = OpenDescriptors.count();
        Path path = folder.resolve("s");
        FakeFunction function = FakeFunction.blk(2);
        SocketEndpoint endpoint = BackendEndpoint.listen("e", path, function, SessionCounters.unlisted());
        try (RawFrontEnd front = new RawFrontEnd(UnixSocket.connect(path))) {
            front.setUp();
            endpoint.close();
            assertThat(path).doesNotExist();
            assertThat(front.isEnded()).isTrue();
            assertThat(function.isAttached(0)).isFalse();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void closingWhileNobodyIsConnectedReturns() throws Exception {
        long before = OpenDescriptors.count();
        BackendEndpoint.listen("e", folder.resolve("s"), FakeFunction.blk(1), SessionCounters.unlisted())
                .close();
        BackendEndpoint.connect("e", folder.resolve("missing"), FakeFunction.blk(1), SessionCounters.unlisted())
                .close();
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void closingDoesNotWaitForTheRestOfAMessage() {
        Path path = folder.resolve("s");
        FakeFunction function = FakeFunction.blk(1);
        SocketEndpoint endpoint = BackendEndpoint.listen("e", path, function, SessionCounters.unlisted());
        try (RawFrontEnd front = new RawFrontEnd(UnixSocket.connect(path))) {
            front.setUp();
            front.raw(new byte[] {1, 0, 0, 0, 1, 0});
            long start = System.nanoTime();
            endpoint.close();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(4));
            assertThat(function.isAttached(0)).isFalse();
            assertThat(front.isEnded()).isTrue();
            assertThat(endpoint.counters().failures()).isZero();
        }
    }

    @Test
    void anInternalErrorIsAFailedSessionAndReleasesWhatItMapped() throws Exception {
        Path path = folder.resolve("s");
        FakeFunction function = FakeFunction.blk(1);
        long before = OpenDescriptors.count();
        try (SocketEndpoint endpoint = BackendEndpoint.listen("e", path, function, SessionCounters.unlisted())) {
            try (Memfd more = Memfd.create("more", 4096);
                    RawFrontEnd front = new RawFrontEnd(UnixSocket.connect(path))) {
                front.setUp();
                byte[] region = RawFrontEnd.region(RawFrontEnd.GUEST * 2, 4096, 0x1000, 0);
                assertThat(front.acked(Request.ADD_MEM_REG, region, more.fd())).isZero();
                function.failToAttach();
                // the ring goes over to a table without the region, and on the way it is lost
                front.send(Request.REM_MEM_REG, region);
                assertThat(front.isEnded()).isTrue();
            }
            assertThat(RawFrontEnd.eventually(() -> endpoint.counters().failures() == 1))
                    .isTrue();
            assertThat(OpenDescriptors.mappings("memfd:guest")).isZero();
            assertThat(OpenDescriptors.mappings("memfd:more")).isZero();
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void aQueueThatIsNotGivenBackKeepsItsMemoryAndNoOtherQueue() throws Exception {
        FakeFunction function = FakeFunction.blk(2);
        UnixSocket.Pair pair = UnixSocket.pair();
        try (RawFrontEnd front = new RawFrontEnd(pair.left());
                BackendSession session =
                        new BackendSession(pair.right(), function, RawFrontEnd.PATIENCE, SessionCounters.unlisted())) {
            Thread runs = Thread.ofPlatform().start(session::run);
            front.setUp();
            front.startRing(1);
            front.socket().endOutput();
            runs.join();
            function.failToDetach(0);
            assertThatThrownBy(session::close).hasMessageContaining("queue 0 is not given back");
            assertThat(function.isAttached(0)).isTrue();
            assertThat(function.isAttached(1)).isFalse();
            assertThat(OpenDescriptors.mappings("memfd:guest"))
                    .as("the front-end's own and the one in use")
                    .isEqualTo(2);
            function.failToDetach(-1);
        }
    }

    @Test
    void aListenerThatItsCreatorShutDownIsNotAskedAllTheTime() {
        try (UnixListener listener = UnixListener.listen(folder.resolve("s"));
                UnixSocket creator = new UnixSocket(listener.fd().duplicate());
                EventFd wake = EventFd.create()) {
            creator.shutdown();
            long start = System.nanoTime();
            assertThat(new PeerSource.Listening(listener).next(wake)).isNull();
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    @Test
    void aListenerThatIsGoneIsGivenUp() {
        try (UnixListener parent = UnixListener.listen(folder.resolve("s"));
                EventFd wake = EventFd.create()) {
            int number = parent.fd().duplicate().release();
            UnixListener gone = UnixListener.inherit(number);
            new Fd(number).close();
            assertThatThrownBy(() -> new PeerSource.Listening(gone).next(wake))
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EBADF"));
            assertThat(gone.fd().release()).isEqualTo(number);
        }
    }

    @Test
    void servesAnInheritedListener() {
        Path path = folder.resolve("s");
        try (UnixListener parent = UnixListener.listen(path);
                Fd child = parent.fd().duplicate();
                SocketEndpoint endpoint =
                        BackendEndpoint.inherit("e", child.release(), FakeFunction.blk(1), SessionCounters.unlisted());
                RawFrontEnd front = new RawFrontEnd(UnixSocket.connect(path))) {
            front.setUp();
            assertThat(endpoint.counters().sessions()).isEqualTo(1);
        }
    }

    @Test
    void connectsToAFrontEndThatListensAndComesBackWhenItRestarts() {
        Path path = folder.resolve("s");
        FakeFunction function = FakeFunction.blk(1);
        try (SocketEndpoint endpoint = BackendEndpoint.connect("e", path, function, SessionCounters.unlisted())) {
            for (int round = 1; round <= 3; round++) {
                try (UnixListener listener = UnixListener.listen(path)) {
                    assertThat(Readiness.await(LONG, listener.fd())).isNotZero();
                    try (RawFrontEnd front = new RawFrontEnd(Objects.requireNonNull(listener.accept()))) {
                        front.setUp();
                        assertThat(endpoint.counters().sessions()).isEqualTo(round);
                    }
                }
            }
        }
    }

    @Test
    void aThousandFrontEndsThatComeAndCrashLeaveNothingBehind() throws Exception {
        Path path = folder.resolve("s");
        FakeFunction function = FakeFunction.blk(2);
        try (SocketEndpoint endpoint = BackendEndpoint.listen("e", path, function, SessionCounters.unlisted())) {
            connectAndCrash(path, function, 100);
            long descriptors = settledDescriptors();
            long memory = residentKib();
            connectAndCrash(path, function, 1000);
            assertThat(settledDescriptors()).isEqualTo(descriptors);
            assertThat(function.isAttached(0)).isFalse();
            assertThat(OpenDescriptors.mappings("memfd:")).isZero();
            assertThat(residentKib() - memory).isLessThan(64 << 10);
            assertThat(endpoint.counters().sessions()).isEqualTo(1100);
        }
    }

    private static void connectAndCrash(Path path, FakeFunction function, int times) {
        for (int i = 0; i < times; i++) {
            try (RawFrontEnd front = new RawFrontEnd(UnixSocket.connect(path))) {
                front.setUp();
                front.startRing(1);
                front.expose(0, 1);
                function.serve(0);
                if (i % 3 == 1) {
                    front.raw(new byte[] {1, 2, 3});
                } else if (i % 3 == 2) {
                    front.send(Request.SET_MEM_TABLE, new byte[8], front.memory.fd(), front.kick.fd());
                }
            }
        }
    }

    /** Open descriptors once the last session has closed its own: the count that stays for a while. */
    private static long settledDescriptors() throws Exception {
        long last = OpenDescriptors.count();
        for (int same = 0; same < 10; same++) {
            Thread.sleep(10);
            long now = OpenDescriptors.count();
            if (now != last) {
                last = now;
                same = 0;
            }
        }
        return last;
    }

    private static long residentKib() throws java.io.IOException {
        System.gc();
        try (var lines = java.nio.file.Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
