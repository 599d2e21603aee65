package dev.cipu.shim.qemu;

import dev.cipu.shim.control.JsonLines;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A connection to QEMU's monitor: commands and answers in turn, with events in between. Nothing is waited for longer than it was
 * said, because a QEMU whose main loop is stuck answers nobody. One thread uses it.
 */
final class Qmp implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final JsonMapper JSON = JsonMapper.shared();

    private final JsonLines lines;
    private final int release;

    /** Events that came in between. */
    private final ArrayDeque<JsonNode> events = new ArrayDeque<>();

    private Qmp(JsonLines lines) throws IOException {
        this.lines = lines;
        JsonNode version = next(System.nanoTime() + PATIENCE.toNanos())
                .path("QMP")
                .path("version")
                .path("qemu");
        if (!version.isObject()) {
            throw new IOException("it does not speak as QEMU's monitor does");
        }
        release = release(version.path("major").asInt(0), version.path("minor").asInt(0));
    }

    /** Connects and takes the monitor over. Somebody else's connection makes this wait, in vain after a while. */
    static Qmp connect(Path socket) throws IOException {
        JsonLines lines = JsonLines.connect(socket);
        try {
            Qmp qmp = new Qmp(lines);
            qmp.execute("qmp_capabilities", Map.of());
            return qmp;
        } catch (IOException | RuntimeException e) {
            lines.close();
            throw e;
        }
    }

    /** Releases as numbers that can be compared. */
    static int release(int major, int minor) {
        return major * 1000 + minor;
    }

    /** The release of this QEMU. */
    int release() {
        return release;
    }

    /**
     * Has QEMU execute a command.
     *
     * @throws QmpException if QEMU refuses
     */
    JsonNode execute(String command, Map<String, ?> arguments) throws IOException {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("execute", command);
        if (!arguments.isEmpty()) {
            request.put("arguments", arguments);
        }
        lines.send(JSON.writeValueAsString(request), PATIENCE);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            JsonNode answer = next(deadline);
            if (answer.has("return")) {
                return answer.get("return");
            }
            if (answer.has("error")) {
                JsonNode error = answer.get("error");
                throw new QmpException(
                        command,
                        error.path("class").asString(""),
                        error.path("desc").asString("no reason given"));
            }
            events.add(answer);
        }
    }

    /**
     * The first event for which this is true, of those since the connection began.
     *
     * @throws java.io.InterruptedIOException if none comes in time
     */
    JsonNode await(Predicate<JsonNode> wanted, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            JsonNode event = events.isEmpty() ? next(deadline) : events.remove();
            if (wanted.test(event)) {
                return event;
            }
        }
    }

    private JsonNode next(long deadline) throws IOException {
        String line = lines.next(Duration.ofNanos(deadline - System.nanoTime()));
        try {
            return JSON.readTree(line);
        } catch (JacksonException e) {
            throw new IOException("it does not speak JSON", e);
        }
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
