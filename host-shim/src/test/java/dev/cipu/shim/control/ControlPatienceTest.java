package dev.cipu.shim.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.control.Answer.Cause;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.probe.Pause;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that keep a card waiting, and cards that keep a client waiting. */
@Timeout(60)
class ControlPatienceTest {
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final String DEVICES = "{\"verb\":\"DEVICES\"}";

    @TempDir
    private Path directory;

    @Test
    void whoSaysNothingForTooLongLosesTheConnection() throws IOException {
        try (ServedCard served = new ServedCard(directory, SHORT);
                JsonLines silent = JsonLines.connect(served.socket());
                JsonLines talks = JsonLines.connect(served.socket());
                UnixSocket half = UnixSocket.connect(served.socket());
                Arena arena = Arena.ofConfined();
                FdBundle none = new FdBundle(0)) {
            half.send(arena.allocateFrom("{").asSlice(0, 1));
            long end = System.nanoTime() + 3 * SHORT.toNanos();
            while (System.nanoTime() < end) {
                assertThat(ServedCard.say(talks, DEVICES).error()).isNull();
                Pause.of(SHORT.dividedBy(4));
            }
            assertThatThrownBy(() -> silent.next(ServedCard.PATIENCE)).hasMessage("the connection was closed");
            assertThat(half.receive(arena.allocate(64), none, ServedCard.PATIENCE))
                    .as("nor is half a request waited for")
                    .isZero();
        }
    }

    /** Each answer repeats the name that was asked for, so that a few fill what the kernel holds. */
    @Test
    void whoDoesNotReadItsAnswersDoesNotKeepOthersWaiting() throws IOException {
        String line = "{\"verb\":\"DETACH\",\"id\":\"" + "x".repeat(60_000) + "\"}";
        try (ServedCard served = new ServedCard(directory, LONG);
                JsonLines deaf = JsonLines.connect(served.socket())) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 100; i++) {
                            deaf.send(line, ServedCard.PATIENCE);
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Broken pipe");
            try (JsonLines neighbour = JsonLines.connect(served.socket())) {
                assertThat(ServedCard.say(neighbour, DEVICES).error()).isNull();
            }
        }
    }

    @Test
    void aServerThatEndsTellsItsClients() throws IOException {
        try (ServedCard served = new ServedCard(directory, LONG);
                JsonLines client = JsonLines.connect(served.socket())) {
            assertThat(ServedCard.say(client, DEVICES).error()).isNull();
            served.server().withdraw();
            assertThat(served.socket()).doesNotExist();
            assertThat(ServedCard.say(client, DEVICES).error())
                    .as("whoever is there already")
                    .isNull();
            served.end();
            assertThatThrownBy(() -> client.next(ServedCard.PATIENCE)).hasMessage("the connection was closed");
        }
    }

    @Test
    void whatGoesWrongInTheCardIsAnAnswerToo() throws IOException {
        try (ServedCard served = new ServedCard(directory, LONG)) {
            served.card().close();
            ControlClient client = new ControlClient(served.socket());
            assertThatThrownBy(() -> client.ask(Request.attach("net", Map.of("socket", directory + "/n"))))
                    .isInstanceOfSatisfying(
                            ControlException.class, e -> assertThat(e.kind()).isEqualTo(Cause.FAILED))
                    .hasMessageContaining("internal error")
                    .hasMessageContaining("the card's log has more");
            assertThat(client.ask(Request.devices()).devices()).isEmpty();
        }
    }

    @Test
    void anErrorIsOneLine() {
        assertThat(Answer.refused(Cause.USAGE, " one\n  two\r\n\nthree\n").error())
                .isEqualTo("one; two; three");
    }

    /** A card that takes a question and says {@code text} to it, over and over. */
    private ControlException askOneThatSays(String text, Duration patience) throws IOException {
        Path socket = directory.resolve("other");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofVirtual().start(() -> {
                try (SocketChannel client = other.accept()) {
                    client.read(ByteBuffer.allocate(1024));
                    while (!text.isEmpty()) {
                        client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
                    }
                    client.read(ByteBuffer.allocate(1024));
                } catch (IOException clientGone) {
                    // as it should
                }
            });
            try {
                Answer answer = new ControlClient(socket, patience).ask(Request.devices());
                throw new AssertionError("no answer was expected: " + answer);
            } catch (ControlException e) {
                return e;
            }
        }
    }

    @Test
    void aCardThatDoesNotAnswerIsNotWaitedForForEver() throws IOException {
        ControlException e = askOneThatSays("", SHORT);
        assertThat(e.kind()).isEqualTo(Cause.FAILED);
        assertThat(e).hasMessageContaining("does not answer");
    }

    @Test
    void anAnswerWithoutEndIsNotReadToTheEnd() throws IOException {
        ControlException e = askOneThatSays("x".repeat(1 << 16), LONG);
        assertThat(e.kind()).isEqualTo(Cause.MISSING);
        assertThat(e).hasMessageContaining("a line without end");
    }
}
