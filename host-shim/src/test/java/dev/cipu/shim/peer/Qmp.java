package dev.cipu.shim.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** QEMU's control connection: a command and its answer, a line of JSON each; events come in between and are kept. */
final class Qmp implements AutoCloseable {
    private final ObjectMapper json = new ObjectMapper();
    private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final BufferedReader answers;
    private final List<String> events = new ArrayList<>();

    Qmp(Path socket) throws IOException {
        channel.connect(UnixDomainSocketAddress.of(socket));
        answers = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        next();
        run("{'execute': 'qmp_capabilities'}");
    }

    /** Runs a command, written with single quotes for double ones; an error of QEMU's fails the test. */
    void run(String command) throws IOException {
        channel.write(StandardCharsets.UTF_8.encode(command.replace('\'', '"') + "\n"));
        while (true) {
            JsonNode answer = next();
            if (answer.has("return")) {
                return;
            }
            if (answer.has("error")) {
                throw new AssertionError(command + ": " + answer.get("error"));
            }
            events.add(answer.toString());
        }
    }

    /** Waits for an event with the given name that mentions the given device. */
    void awaitEvent(String name, String device) throws IOException {
        while (events.stream()
                .noneMatch(event -> event.contains('"' + name + '"') && event.contains('"' + device + '"'))) {
            events.add(next().toString());
        }
    }

    /** Waits for an event with the given name. */
    void awaitEvent(String name) throws IOException {
        awaitEvent(name, name);
    }

    private JsonNode next() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("QEMU closed its control connection; events: " + events);
        }
        return json.readTree(line);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
