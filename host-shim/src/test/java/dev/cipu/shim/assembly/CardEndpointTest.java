package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.Worker;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a card has in the file system: its counters, and the sockets at which it can be reached or not. */
@Timeout(120)
class CardEndpointTest {
    private static final NetSpec EMBEDDED =
            new NetSpec("net1", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 1, 1500, "sw0");
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    @TempDir
    private Path directory;

    private CardSpec spec(DeviceSpec... devices) {
        return new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                directory.resolve("counters"),
                Map.of(),
                List.of(new SwitchSpec("sw0", SwitchSpec.Uplink.NONE)),
                List.of(devices));
    }

    private void awaitSession(String owner) throws IOException {
        long end = System.nanoTime() + WAIT_NANOS;
        while (CounterFile.read(directory.resolve("counters")).groups().stream()
                .noneMatch(group -> group.owner().equals(owner)
                        && Objects.requireNonNull(group.values().get("sessions")) == 1)) {
            assertThat(System.nanoTime()).as("waited in vain for a session").isLessThan(end);
            LockSupport.parkNanos(1_000);
        }
    }

    @Test
    void theCounterFileTellsWhoseItIsAndStaysWhenItWasAskedFor() throws IOException {
        Path file = directory.resolve("counters");
        try (CardAssembly card = CardAssembly.start(spec(EMBEDDED))) {
            assertThat(card.counters()).isEqualTo(file);
            assertThat(CounterFile.isAlive(CounterFile.read(file))).isTrue();
            assertThat(CounterFile.read(file).groups().stream().map(CounterReader.Group::owner))
                    .containsExactly("worker0", "sw0", "net1");
            assertThat(CounterFile.read(file).groups().getFirst().values()).containsOnlyKeys(Worker.COUNTERS);
        }
        assertThat(file).exists();
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void anEndpointThatCannotBeOpenedLeavesNoCountersAndMayBeTriedAgain() throws IOException {
        Path socket = directory.resolve("missing/socket");
        NetSpec device = new NetSpec("net1", EndpointSpec.server(socket), "02:00:00:00:00:01", 1, 1500, "sw0");
        try (CardAssembly card = CardAssembly.start(spec(device))) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> card.serve(device))
                        .isInstanceOf(ResourceException.class)
                        .hasMessageContaining("no directory");
            }
            Files.createDirectory(Objects.requireNonNull(socket.getParent()));
            card.serve(device);
            assertThat(CounterFile.read(directory.resolve("counters")).groups().stream()
                            .map(CounterReader.Group::owner))
                    .containsExactly("worker0", "sw0", "net1", "net1/session");
        }
    }

    @Test
    void aDescriptorThatDoesNotListenIsRefusedAndStaysOpen() {
        try (CardAssembly card = CardAssembly.start(spec(EMBEDDED));
                EventFd noSocket = EventFd.create();
                UnixSocket.Pair connected = UnixSocket.pair()) {
            assertThatThrownBy(() -> card.serve(inherited(noSocket.fd().number())))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("is no open socket");
            assertThatThrownBy(() -> card.serve(inherited(connected.left().fd().number())))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("does not listen");
            noSocket.signal();
            assertThat(noSocket.drain()).isEqualTo(1);
        }
    }

    private static NetSpec inherited(int number) {
        EndpointSpec at = new EndpointSpec(EndpointSpec.Mode.INHERITED, null, number);
        return new NetSpec("net1", at, "02:00:00:00:00:01", 1, 1500, "sw0");
    }

    @Test
    void sessionsThatStallInTheMiddleOfAMessageDoNotAddUpWhenTheCardCloses() throws IOException {
        NetSpec[] devices = new NetSpec[4];
        for (int i = 0; i < devices.length; i++) {
            EndpointSpec at = EndpointSpec.server(directory.resolve("s" + i));
            devices[i] = new NetSpec("net" + i, at, "02:00:00:00:00:0" + i, 1, 1500, "sw0");
        }
        CardAssembly card = CardAssembly.start(spec(devices));
        UnixSocket[] peers = new UnixSocket[devices.length];
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < devices.length; i++) {
                card.serve(devices[i]);
                peers[i] = UnixSocket.connect(directory.resolve("s" + i));
                peers[i].send(arena.allocate(3));
                String owner = "net" + i + "/session";
                awaitSession(owner);
            }
            long start = System.nanoTime();
            card.close();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(4));
        } finally {
            card.close();
            for (UnixSocket peer : peers) {
                peer.close();
            }
        }
    }
}
