package dev.cipu.bench.process;

import dev.cipu.shim.posix.ProcessSignal;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A process that we started: held still, let go on, and ended by its number. */
public final class Child {
    private static final Duration GRACE = Duration.ofSeconds(3);
    private static final Duration LOOK = Duration.ofMillis(10);
    private static final Path SOCKETS = Path.of("/proc/net/unix");

    /** The flags column of a socket that accepts. */
    private static final String LISTENING = " 00010000 ";

    private static final int LINES_OF_LOG = 3;

    private final String name;
    private final Process process;
    private final Path log;
    private final BufferedWriter input;

    public Child(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Stops it where it is. */
    public void hold() {
        ProcessSignal.HOLD.send(pid());
    }

    public void goOn() {
        ProcessSignal.GO_ON.send(pid());
    }

    /** Its standard output, line by line. */
    public BufferedReader console() {
        return process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * The next line of its standard output, without space around it.
     *
     * @throws IOException if it says nothing for so long, or has ended
     */
    public String nextLine(Duration patience) throws IOException, InterruptedException {
        BufferedReader console = console();
        CompletableFuture<@Nullable String> line = CompletableFuture.supplyAsync(() -> {
            try {
                return console.readLine();
            } catch (IOException e) {
                return null;
            }
        });
        try {
            String said = line.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (said == null) {
                throw new IOException(name + " ended: " + lastWords());
            }
            return said.strip();
        } catch (TimeoutException e) {
            throw new IOException(name + " says nothing for " + patience.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new IOException(name + " cannot be heard", e);
        }
    }

    /** Sends it a line. */
    public void say(String line) throws IOException {
        input.write(line);
        input.newLine();
        input.flush();
    }

    /**
     * Whether the kernel's list of Unix sockets has a listening one of that name. A file of that name is not enough: it
     * is there before the server listens.
     */
    public static boolean isListening(List<String> sockets, Path socket) {
        String path = " " + socket;
        return sockets.stream().anyMatch(line -> line.endsWith(path) && line.contains(LISTENING));
    }

    /** Waits until a server listens. */
    public void awaitSocket(Path socket, Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!isListening(Files.readAllLines(SOCKETS), socket)) {
            if (!process.isAlive()) {
                throw new IOException(name + " ended with code " + process.exitValue() + ": " + lastWords());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(name + " does not listen after " + patience.toSeconds() + " s: " + lastWords());
            }
            Thread.sleep(LOOK);
        }
    }

    /** Waits until it has ended by itself; returns its exit code. */
    public int awaitEnd(Duration patience) throws IOException, InterruptedException {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException(name + " does not end after " + patience.toSeconds() + " s: " + lastWords());
        }
        return process.exitValue();
    }

    /** The end of its log, in one line. */
    public String lastWords() throws IOException {
        List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
                .filter(line -> !line.isBlank())
                .toList();
        return String.join("; ", lines.subList(Math.max(0, lines.size() - LINES_OF_LOG), lines.size()));
    }

    /** Asks it to end, and makes it after a while. */
    public void end() {
        process.destroy();
        boolean interrupted = false;
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            interrupted = true;
            process.destroyForcibly();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
