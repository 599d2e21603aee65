package dev.cipu.bench.process;

import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.ProcessSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * The processes of one match and the folder with their sockets and logs. Closing ends them, the youngest first, and
 * removes the folder; so does the end of this process, also by Ctrl-C.
 */
public final class Children implements AutoCloseable {
    private final Deque<Child> children = new ArrayDeque<>();
    private final Path folder;
    private final Thread hook;

    public Children() throws IOException {
        folder = Files.createTempDirectory("cipu-bench");
        hook = new Thread(this::end, "end-children");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Where sockets and logs go; the path is short enough for a socket's address. */
    public Path folder() {
        return folder;
    }

    /**
     * Starts a program on one core: all its threads inherit that. Its standard output is {@link Child#console} if
     * {@code talks}, else a log file of that name; standard error goes to the log.
     */
    public Child start(String name, int core, boolean talks, List<String> command)
            throws IOException, InterruptedException {
        Path log = folder.resolve(name + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        if (!talks) {
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        }
        Process process = PinnedCall.on(core, "start-" + name, builder::start);
        synchronized (this) {
            Child child = new Child(name, process, log);
            children.push(child);
            return child;
        }
    }

    /** Lets all go on, then ends them one after the other, so that a client can still say good-bye to its server. */
    private synchronized void end() {
        for (Child child : children) {
            if (child.isAlive()) {
                signal(child);
            }
        }
        while (!children.isEmpty()) {
            children.pop().end();
        }
        remove();
    }

    private static void signal(Child child) {
        try {
            ProcessSignal.GO_ON.send(child.pid());
        } catch (PosixException gone) {
            // it ended between the question and the signal, which is what we want
            assert !child.isAlive();
        }
    }

    private void remove() {
        try (Stream<Path> content = Files.walk(folder)) {
            for (Path path : content.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            System.err.println("cipu: cannot remove " + folder + ": " + e);
        }
    }

    @Override
    public void close() {
        end();
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
