package dev.cipu.bench.card;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.posix.CpuUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@code ./cipu serve} as a process of its own, and what the kernel says of it. Ended by whoever closes its children. */
final class CardChild {
    private static final String READY = "ready ";
    private static final String RESIDENT = "VmRSS:";
    private static final String THREADS = "Threads:";
    private static final int KIB = 1024;

    /** A card of thousands of functions makes them all before it says the first line. */
    private static final Duration START = Duration.ofMinutes(2);

    private final Child process;
    private final long pid;

    private CardChild(Child process) {
        this.process = process;
        // the script has become the JVM
        this.pid = process.pid();
    }

    /** The script that started this process. */
    static Path script(String classPath) {
        Path jar = Path.of(classPath).toAbsolutePath();
        Path script = jar.resolve("../../../../cipu").normalize();
        if (!Files.isExecutable(script)) {
            throw new CommandFailure(ExitCode.MISSING, "this measures ./cipu; start it with that");
        }
        return script;
    }

    /**
     * Starts a card.
     *
     * @param ready how many lines it says before it is
     */
    static CardChild start(Children children, Path script, int core, int ready, List<String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(script.toString(), "serve"));
        command.addAll(options);
        Child child = children.start("card", core, true, command);
        for (int said = 0; said < ready; ) {
            if (child.nextLine(START).startsWith(READY)) {
                said++;
            }
        }
        return new CardChild(child);
    }

    void end() {
        process.end();
    }

    long residentBytes() throws IOException {
        return status(RESIDENT) * KIB;
    }

    long threads() throws IOException {
        return status(THREADS);
    }

    private long status(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow(() -> new IOException("the kernel does not tell " + name));
    }

    long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return all.count();
        }
    }

    /** Of all its threads so far. */
    long cpuNanos() {
        return CpuUsage.ofThreads(pid).values().stream()
                .mapToLong(CpuUsage::cpuNanos)
                .sum();
    }
}
