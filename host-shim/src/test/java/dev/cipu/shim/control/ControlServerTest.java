package dev.cipu.shim.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.assembly.ResourceException;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.shim.control.Answer.Cause;
import dev.cipu.shim.control.Request.Verb;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ControlServerTest {
    private static final Duration PATIENCE = ServedCard.PATIENCE;

    @TempDir
    private Path directory;

    private ServedCard served;

    @BeforeEach
    void start() {
        served = new ServedCard(directory, Duration.ofSeconds(10));
    }

    @AfterEach
    void end() {
        served.close();
    }

    private Path socket() {
        return served.socket();
    }

    private Answer ask(Request request) {
        return new ControlClient(socket()).ask(request);
    }

    @Test
    void devicesComeAndGo() {
        assertThat(ask(Request.devices()).devices()).isEmpty();
        Map<String, String> keys = Map.of("socket", directory + "/n", "mac", "02:00:00:00:00:07", "queues", "2");
        DeviceView made = ask(Request.attach("net", keys)).devices().getFirst();
        assertThat(made)
                .isEqualTo(new DeviceView(
                        "net", "net0", directory + "/n", true, false, 2, "02:00:00:00:00:07", 1500, "sw0"));
        assertThat(directory.resolve("n")).exists();
        assertThat(ask(Request.devices()).devices()).containsExactly(made);
        NetDevice device = (NetDevice) served.card().function("net0").device();
        assertThat(ask(Request.link("net0", false)).devices()).containsExactly(made);
        assertThat(device.linkUp()).isFalse();
        assertThat(ask(Request.link("net0", true)).devices()).containsExactly(made);
        assertThat(device.linkUp()).isTrue();
        assertThat(ask(Request.about(Verb.ANNOUNCE, "net0")).asked()).isFalse();
        assertThat(ask(Request.about(Verb.DETACH, "net0")).devices()).containsExactly(made);
        assertThat(ask(Request.devices()).devices()).isEmpty();
    }

    @Test
    void aDriverThatCanBeAskedToAnnounceIsAsked() {
        ask(Request.attach("net", Map.of("socket", directory + "/n")));
        FeatureSet features =
                FeatureSet.of(RingFeature.VERSION_1, NetFeature.STATUS, NetFeature.CTRL_VQ, NetFeature.GUEST_ANNOUNCE);
        try (EmbeddedGuest guest = new EmbeddedGuest(served.card().function("net0"), features, 1 << 20)) {
            guest.start(2, 16, 0);
            assertThat(ask(Request.about(Verb.ANNOUNCE, "net0")).asked()).isTrue();
        }
    }

    @Test
    void moreDevicesThanARequestHasRoomForAreListed() {
        int many = 500;
        for (int i = 0; i < many; i++) {
            Map<String, String> keys = Map.of("socket", directory + "/n" + i);
            served.card().attach(words -> words.device("net", new KeyValues("test", keys)));
        }
        Answer answer = ask(Request.devices());
        assertThat(answer.devices()).hasSize(many).extracting(DeviceView::id).endsWith("net" + (many - 1));
        assertThat(CardLines.write(answer).length()).isGreaterThan(Request.MOST_BYTES);
    }

    @Test
    void aClientReadsWhatACardSaysAndSkipsWhatItDoesNotKnow() {
        Answer all = new Answer(
                "no \"such\" thing",
                Cause.MISSING,
                List.of(
                        new DeviceView("net", "n", "/s", true, false, 2, "02:00:00:00:00:01", 1500, "sw0"),
                        new DeviceView("blk", "b", "/b", false, true, 3, null, 0, null)),
                true);
        assertThat(ClientLines.read(CardLines.write(all))).isEqualTo(all);
        Answer none = new Answer(null, null, List.of(), null);
        assertThat(ClientLines.read(CardLines.write(none))).isEqualTo(none);
        assertThat(ClientLines.read(
                                "{\"later\":{\"a\":[1]},\"devices\":[{\"kind\":\"net\",\"id\":\"n\",\"at\":\"s\",\"x\":[{}]}]}")
                        .devices())
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "7",
                "[]",
                "{",
                "{}",
                "{\"devices\":{}}",
                "{\"devices\":[7]}",
                "{\"devices\":[{}]}",
                "{\"devices\":[],\"cause\":\"FLOOD\"}",
                "{\"devices\":[],\"error\":7}",
                "{\"devices\":[],\"asked\":7}",
                "{\"devices\":[{\"kind\":\"net\",\"id\":\"n\",\"at\":\"s\",\"queues\":true}]}",
            })
    void whatIsNoAnswerIsSaid(String line) {
        assertThatThrownBy(() -> ClientLines.read(line)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCardReadsWhatAClientAsks() {
        for (Request each : List.of(
                Request.devices(),
                Request.attach("net", Map.of("socket", "/a \"b\"\\c", "queues", "2")),
                Request.attach("tap", Map.of()),
                Request.about(Verb.DETACH, "x"),
                Request.about(Verb.ANNOUNCE, "\u00e9"),
                Request.link("x", false),
                Request.link("x", true))) {
            assertThat(CardLines.read(ClientLines.write(each))).isEqualTo(each);
        }
    }

    @Test
    void mistakesAreSaidInOneLineWithTheirKind() {
        assertThatThrownBy(() -> ask(Request.attach("net", Map.of("colour", "red", "socket", directory + "/n"))))
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.kind()).isEqualTo(Cause.USAGE))
                .hasMessageContaining("'colour'");
        assertThatThrownBy(() -> ask(Request.attach("net", Map.of("socket", directory + "/x/n"))))
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.kind()).isEqualTo(Cause.MISSING))
                .hasMessageContaining("has no directory");
        assertThatThrownBy(() -> ask(Request.attach("gpu", Map.of()))).hasMessageContaining("say net, blk or tap");
        assertThatThrownBy(() -> ask(Request.about(Verb.DETACH, "x"))).hasMessageContaining("it has none");
    }

    @Test
    void nobodyElseMayConnect() throws IOException {
        assertThat(Files.getPosixFilePermissions(socket())).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> ControlServer.listen(socket(), served.card()))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("EADDRINUSE");
    }

    @Test
    void noCardIsAMissingResource() {
        assertThatThrownBy(() -> new ControlClient(directory.resolve("none")).ask(Request.devices()))
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.kind()).isEqualTo(Cause.MISSING))
                .hasMessageContaining("cipu serve --control");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "7",
                "[]",
                "{",
                "{}",
                "{\"verb\":\"FLY\"}",
                "{\"verb\":\"devices\"}",
                "{\"verb\":1}",
                "{\"verb\":\"DEVICES\",\"verb\":\"DEVICES\"}",
                "{\"verb\":\"DEVICES\",\"more\":1}",
                "{\"verb\":\"DEVICES\",\"id\":\"x\"}",
                "{\"verb\":\"DEVICES\"} {}",
                "{\"verb\":\"DETACH\"}",
                "{\"verb\":\"DETACH\",\"id\":7}",
                "{\"verb\":\"DETACH\",\"id\":\"x\",\"up\":true}",
                "{\"verb\":\"LINK\",\"id\":\"x\"}",
                "{\"verb\":\"LINK\",\"id\":\"x\",\"up\":\"true\"}",
                "{\"verb\":\"ATTACH\",\"kind\":\"net\"}",
                "{\"verb\":\"ATTACH\",\"kind\":\"net\",\"keys\":{\"socket\":null}}",
                "{\"verb\":\"ATTACH\",\"kind\":\"net\",\"keys\":{\"socket\":{\"a\":{\"b\":{\"c\":1}}}}}",
                "{\"verb\":\"ATTACH\",\"kind\":\"net\",\"keys\":[]}",
            })
    void whatIsNoRequestIsRefusedAndTheNextOneAnswered(String line) throws IOException {
        try (JsonLines connection = JsonLines.connect(socket())) {
            Answer answer = ServedCard.say(connection, line);
            assertThat(answer.cause()).isEqualTo(Cause.USAGE);
            assertThat(answer.error()).isNotBlank();
            assertThat(ServedCard.say(connection, "{\"verb\":\"DEVICES\"}").error())
                    .isNull();
        }
    }

    @Test
    void aLineWithoutEndEndsTheConnectionAlone() throws IOException {
        try (JsonLines connection = JsonLines.connect(socket());
                JsonLines neighbour = JsonLines.connect(socket())) {
            assertThat(ServedCard.say(neighbour, "{\"verb\":\"DEVICES\"}").error())
                    .isNull();
            assertThatThrownBy(() -> {
                        connection.send("x".repeat(1 << 20), PATIENCE);
                        connection.next(PATIENCE);
                        connection.next(PATIENCE);
                    })
                    .isInstanceOf(IOException.class);
            assertThat(ServedCard.say(neighbour, "{\"verb\":\"DEVICES\"}").error())
                    .isNull();
        }
    }

    private static MemorySegment bytes(Arena arena, String text) {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String heard(UnixSocket raw, Arena arena) {
        MemorySegment answer = arena.allocate(4096);
        try (FdBundle none = new FdBundle(0)) {
            int n = raw.receive(answer, none, PATIENCE);
            return new String(answer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }

    @Test
    void manyRequestsInOneWriteAndOneRequestInMany() throws IOException {
        try (JsonLines connection = JsonLines.connect(socket())) {
            String line = "{\"verb\":\"DEVICES\"}";
            connection.send(line + "\n" + line + "\n" + line, PATIENCE);
            for (int i = 0; i < 3; i++) {
                assertThat(ClientLines.read(connection.next(PATIENCE)).error()).isNull();
            }
        }
        try (UnixSocket raw = UnixSocket.connect(socket());
                Arena arena = Arena.ofConfined()) {
            // the end of a write may be the beginning of a request, however little of it
            raw.send(bytes(arena, "{\"verb\":\"DEVICES\"}\n  {\"v"));
            assertThat(heard(raw, arena)).contains("\"devices\"");
            for (byte each : "erb\":\"DEVICES\"}\n".getBytes(StandardCharsets.UTF_8)) {
                raw.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, each));
            }
            assertThat(heard(raw, arena)).contains("\"error\":null");
        }
    }

    @Test
    void descriptorsAndBytesThatAreNoTextAreRefused() throws Exception {
        long before = OpenDescriptors.count();
        try (UnixSocket raw = UnixSocket.connect(socket());
                EventFd event = EventFd.create();
                Arena arena = Arena.ofConfined();
                var none = new FdBundle()) {
            raw.send(arena.allocateFrom("{\"verb\":\"DEVICES\"}\n"), event.fd());
            assertThat(raw.receive(arena.allocate(64), none, PATIENCE))
                    .as("the connection ends")
                    .isZero();
        }
        try (JsonLines connection = JsonLines.connect(socket());
                UnixSocket raw = UnixSocket.connect(socket());
                Arena arena = Arena.ofConfined()) {
            raw.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 0xff, (byte) '\n'));
            assertThat(heard(raw, arena)).contains("not UTF-8");
            assertThat(ServedCard.say(connection, "{\"verb\":\"DEVICES\"}").error())
                    .isNull();
        }
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (OpenDescriptors.count() > before && System.nanoTime() < end) {
            Thread.sleep(10);
        }
        assertThat(OpenDescriptors.count()).isLessThanOrEqualTo(before);
    }

    @Test
    void moreClientsThanPlacesWaitForOne() throws IOException {
        List<JsonLines> silent = new ArrayList<>();
        try {
            for (int i = 0; i < ControlServer.MOST_CLIENTS; i++) {
                silent.add(JsonLines.connect(socket()));
                assertThat(ServedCard.say(silent.getLast(), "{\"verb\":\"DEVICES\"}")
                                .error())
                        .isNull();
            }
            try (JsonLines late = JsonLines.connect(socket())) {
                late.send("{\"verb\":\"DEVICES\"}", PATIENCE);
                assertThatThrownBy(() -> late.next(Duration.ofMillis(200))).isInstanceOf(InterruptedIOException.class);
                silent.removeFirst().close();
                assertThat(ClientLines.read(late.next(PATIENCE)).error()).isNull();
            }
        } finally {
            for (JsonLines each : silent) {
                each.close();
            }
        }
    }
}
