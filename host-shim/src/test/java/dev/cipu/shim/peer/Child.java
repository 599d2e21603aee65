package dev.cipu.shim.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A child process whose output is kept line by line and can be waited for. It is ended by its own process id: when the test
 * closes it, and at the latest when this JVM leaves. Safe for use by several threads.
 */
final class Child implements AutoCloseable {
    private static final Set<Child> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Child::kill), "end-children"));
    }

    private final String name;
    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private boolean ended;

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /** Starts a program; {@code name} is what failure messages call it. */
    static Child start(String name, List<String> command) {
        try {
            Child child = new Child(
                    name, new ProcessBuilder(command).redirectErrorStream(true).start());
            RUNNING.add(child);
            Thread.ofVirtual().name(name + "-output").start(child::collect);
            return child;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command, e);
        }
    }

    private void collect() {
        try (BufferedReader output = process.inputReader(StandardCharsets.ISO_8859_1)) {
            String line;
            while ((line = output.readLine()) != null) {
                add(line.stripTrailing());
            }
        } catch (IOException e) {
            add("(output lost: " + e + ")");
        }
        synchronized (lines) {
            ended = true;
            lines.notifyAll();
        }
    }

    private void add(String line) {
        synchronized (lines) {
            lines.add(line);
            lines.notifyAll();
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** How many lines there are so far: a place to wait from. */
    int mark() {
        synchronized (lines) {
            return lines.size();
        }
    }

    List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    Matcher await(String regex, Duration limit) {
        return await(regex, 0, limit);
    }

    /** Waits for a line, from the given mark on, in which the expression is found. */
    Matcher await(String regex, int from, Duration limit) {
        Matcher found = find(Pattern.compile(regex), from, limit);
        if (found == null) {
            throw new AssertionError(name + " did not say '" + regex + "' within " + limit.toSeconds()
                    + " s; it said:\n" + String.join("\n", tail(60)));
        }
        return found;
    }

    private @Nullable Matcher find(Pattern pattern, int from, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        int next = from;
        synchronized (lines) {
            while (true) {
                for (; next < lines.size(); next++) {
                    Matcher matcher = pattern.matcher(lines.get(next));
                    if (matcher.find()) {
                        return matcher;
                    }
                }
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (ended || left <= 0) {
                    return null;
                }
                try {
                    lines.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return null;
                }
            }
        }
    }

    private List<String> tail(int count) {
        List<String> all = lines();
        return all.subList(Math.max(0, all.size() - count), all.size());
    }

    /** Writes one line to its standard input. */
    void say(String line) {
        try {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " does not listen: " + String.join("\n", tail(20)), e);
        }
    }

    /** Waits until it ends by itself; all of its output is there then. */
    int exit(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(name + " still runs after " + limit.toSeconds() + " s; it said:\n"
                        + String.join("\n", tail(60)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + name, e);
        }
        find(Pattern.compile("(?!)"), 0, Duration.ofSeconds(2));
        RUNNING.remove(this);
        return process.exitValue();
    }

    /** Asks it to end (SIGTERM) and says with which status it did. */
    int terminate(Duration limit) {
        process.destroy();
        return exit(limit);
    }

    /** Ends it at once (SIGKILL): it can clean up nothing. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        RUNNING.remove(this);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kill();
    }
}
