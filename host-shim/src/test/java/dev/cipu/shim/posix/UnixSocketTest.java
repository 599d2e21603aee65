package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class UnixSocketTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    Path folder;

    @Test
    void carriesBytesAndDescriptorsThatMeanTheSameFile() throws Exception {
        long before = OpenDescriptors.count();
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                Memfd memory = Memfd.create("shared", 8192);
                EventFd event = EventFd.create();
                FdBundle received = new FdBundle()) {
            pair.left().send(bytes(arena, 7), memory.fd(), event.fd());
            MemorySegment into = arena.allocate(64);
            assertThat(pair.right().receive(into, received, null)).isEqualTo(7);
            assertThat(into.get(ValueLayout.JAVA_BYTE, 6)).isEqualTo((byte) 6);
            assertThat(received.count()).isEqualTo(2);
            try (Mapping theirs = Mapping.of(received.take(), 0, 8192);
                    Mapping mine = memory.map();
                    EventFd theirEvent = EventFd.adopt(received.take())) {
                theirs.segment().set(ValueLayout.JAVA_LONG, 4096, 42);
                assertThat(mine.segment().get(ValueLayout.JAVA_LONG, 4096)).isEqualTo(42);
                theirEvent.signal();
                assertThat(event.drain()).isEqualTo(1);
            }
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void descriptorsThatNobodyTakesAreClosed() throws Exception {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                EventFd event = EventFd.create()) {
            Fd[] many = new Fd[253];
            java.util.Arrays.fill(many, event.fd());
            long before = OpenDescriptors.count();
            pair.left().send(bytes(arena, 1), many);
            try (FdBundle received = new FdBundle()) {
                assertThat(pair.right().receive(arena.allocate(8), received, null))
                        .isEqualTo(1);
                assertThat(received.count()).isEqualTo(253);
            }
            assertThat(OpenDescriptors.count()).isEqualTo(before);
        }
    }

    @Test
    void moreDescriptorsThanABundleHoldsAreClosedAndEndTheReading() throws Exception {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                EventFd event = EventFd.create();
                FdBundle two = new FdBundle(2);
                FdBundle other = new FdBundle(1)) {
            long before = OpenDescriptors.count();
            pair.left().send(bytes(arena, 1), event.fd(), event.fd());
            pair.left().send(bytes(arena, 1), event.fd());
            pair.left().send(bytes(arena, 1), event.fd());
            assertThat(pair.right().receiveFully(arena.allocate(3), two, SHORT)).isFalse();
            assertThat(two.isOverfull()).isTrue();
            assertThat(two.count()).isZero();
            assertThat(OpenDescriptors.count()).as("one is still on its way").isLessThanOrEqualTo(before);
            assertThat(pair.right().receiveFully(arena.allocate(1), other, SHORT))
                    .isTrue();
            assertThat(other.count()).isEqualTo(1);
            assertThat(other.isOverfull()).isFalse();
        }
    }

    @Test
    void receivedDescriptorsAreCloseOnExec() throws Exception {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                EventFd event = EventFd.create();
                FdBundle received = new FdBundle()) {
            pair.left().send(bytes(arena, 1), event.fd());
            pair.right().receive(arena.allocate(8), received, null);
            try (Fd fd = received.take()) {
                assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + fd.number())))
                        .containsPattern("flags:\\s+02004002");
            }
        }
    }

    @Test
    void tellsSilenceFromTheEnd() {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                FdBundle none = new FdBundle()) {
            MemorySegment into = arena.allocate(12);
            assertThat(pair.right().receive(into, none, SHORT)).isEqualTo(UnixSocket.TIMED_OUT);
            pair.left().send(bytes(arena, 5));
            assertThat(pair.right().receiveFully(into, none, SHORT)).isFalse();
            pair.left().shutdown();
            assertThat(pair.right().receive(into, none, null)).isZero();
        }
    }

    @Test
    void sendingToAPeerThatLeftIsAnErrorAndNoSignal() {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair()) {
            pair.right().fd().close();
            assertThatThrownBy(() -> pair.left().send(bytes(arena, 5)))
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EPIPE"));
        }
    }

    @Test
    void aPeerThatDoesNotReadCostsAtMostTheSendTimeout() {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair()) {
            pair.left().sendTimeout(SHORT);
            MemorySegment large = arena.allocate(8 << 20);
            assertThatThrownBy(() -> pair.left().send(large))
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EAGAIN"));
        }
    }

    @Test
    void listensConnectsAccepts() throws Exception {
        long before = OpenDescriptors.count();
        Path path = folder.resolve("s");
        try (Arena arena = Arena.ofConfined();
                UnixListener listener = UnixListener.listen(path)) {
            assertThat(listener.accept()).isNull();
            try (UnixSocket client = UnixSocket.connect(path);
                    UnixSocket server = listener.accept();
                    FdBundle none = new FdBundle()) {
                assertThat(Readiness.await(0, client.fd())).isZero();
                java.util.Objects.requireNonNull(server).send(bytes(arena, 3));
                assertThat(Readiness.await(1_000_000_000, listener.fd(), client.fd()))
                        .isEqualTo(0b10);
                assertThat(client.receive(arena.allocate(8), none, null)).isEqualTo(3);
            }
        }
        assertThat(path).doesNotExist();
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void connectingToAListenerThatTakesNobodyInEndsAfterAWhile() throws Exception {
        Path path = folder.resolve("s");
        List<UnixSocket> waiting = new ArrayList<>();
        long before = OpenDescriptors.count();
        try (UnixListener listener = UnixListener.listen(path)) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 64; i++) {
                            waiting.add(UnixSocket.connect(path));
                        }
                    })
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EAGAIN"));
            assertThat(waiting).isNotEmpty();
            assertThatThrownBy(() -> UnixListener.listen(path))
                    .as("somebody is there, only busy")
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EADDRINUSE"));
            assertThat(listener.fd().isOpen()).isTrue();
        } finally {
            waiting.forEach(UnixSocket::close);
        }
        assertThat(OpenDescriptors.count()).isEqualTo(before);
    }

    @Test
    void endedInputLeavesWhatHasComeAndThePeerUndisturbed() {
        try (Arena arena = Arena.ofConfined();
                UnixSocket.Pair pair = UnixSocket.pair();
                FdBundle none = new FdBundle()) {
            pair.left().send(bytes(arena, 5));
            pair.right().endInput();
            assertThat(pair.right().receive(arena.allocate(8), none, null)).isEqualTo(5);
            assertThat(pair.right().receive(arena.allocate(8), none, null)).isZero();
            assertThat(pair.left().receive(arena.allocate(8), none, SHORT)).isEqualTo(UnixSocket.TIMED_OUT);
        }
    }

    @Test
    void replacesADeadSocketFileButNotALivingOne() {
        Path path = folder.resolve("s");
        try (UnixListener first = UnixListener.listen(path)) {
            assertThatThrownBy(() -> UnixListener.listen(path))
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errnoName()).isEqualTo("EADDRINUSE"));
            first.fd().close();
            assertThat(path).exists();
        }
        try (UnixListener second = UnixListener.listen(path);
                UnixSocket client = UnixSocket.connect(path)) {
            assertThat(second.fd().isOpen()).isTrue();
            assertThat(client.fd().isOpen()).isTrue();
        }
    }

    @Test
    void anOrdinaryFileInTheWayStaysAsItIs() throws Exception {
        Path path = folder.resolve("precious");
        Files.writeString(path, "data");
        assertThatThrownBy(() -> UnixListener.listen(path)).isInstanceOf(PosixException.class);
        assertThat(path).hasContent("data");
    }

    @Test
    void anInheritedListenerServesAndLeavesThePath() {
        Path path = folder.resolve("s");
        try (UnixListener creator = UnixListener.listen(path)) {
            try (UnixListener inherited =
                            UnixListener.inherit(creator.fd().duplicate().release());
                    UnixSocket client = UnixSocket.connect(path);
                    UnixSocket server = inherited.accept()) {
                assertThat(client.fd().isOpen()).isTrue();
                assertThat(server).isNotNull();
            }
            assertThat(path).exists();
        }
    }

    @Test
    void refusesAPathThatTheKernelWouldCut() {
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("x".repeat(120))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static MemorySegment bytes(Arena arena, int count) {
        MemorySegment bytes = arena.allocate(count);
        for (int i = 0; i < count; i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) i);
        }
        return bytes;
    }
}
