package dev.cipu.shim.control;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A card without devices that takes requests, on a thread of its own. */
final class ServedCard implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path socket;
    private final CardAssembly card;
    private final ControlServer server;
    private final Thread thread;
    private volatile boolean ending;

    /**
     * @param patience how long a client may say nothing
     */
    ServedCard(Path directory, Duration patience) {
        socket = directory.resolve("control");
        card = CardAssembly.start(new CardSpecBuilder()
                .idle("test", "sleep")
                .stats(directory.resolve("counters"))
                .control("test", socket.toString())
                .build());
        server = ControlServer.listen(socket, card, patience);
        thread = Thread.ofPlatform().start(() -> {
            while (!ending) {
                server.turn(TimeUnit.MILLISECONDS.toNanos(20));
            }
            server.close();
        });
    }

    CardAssembly card() {
        return card;
    }

    ControlServer server() {
        return server;
    }

    Path socket() {
        return socket;
    }

    /** What is answered to a line. */
    static Answer say(JsonLines connection, String line) throws IOException {
        connection.send(line, PATIENCE);
        return ClientLines.read(connection.next(PATIENCE));
    }

    /** Nobody is served any more; the card goes on. */
    void end() {
        ending = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end();
        card.close();
    }
}
