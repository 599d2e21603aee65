package dev.cipu.shim.posix;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the kernel's scheduler has accounted to threads so far: time on a CPU, user and system together, and how often
 * they left it. Time that interrupts and a hypervisor take is nobody's.
 *
 * @param cpuNanos time on a CPU
 * @param switches voluntary and involuntary
 */
public record CpuUsage(long cpuNanos, long switches) {
    private static final Path PROC = Path.of("/proc");
    private static final String SWITCHES = "ctxt_switches";

    public static final CpuUsage NONE = new CpuUsage(0, 0);

    /**
     * The calling thread's.
     *
     * @throws UncheckedIOException if the kernel does not tell
     */
    public static CpuUsage ofThisThread() {
        try {
            return read(PROC.resolve("thread-self"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * That of each thread a process has now, by the thread's name; threads of one name count together.
     *
     * @throws UncheckedIOException if there is no such process, or the kernel does not tell
     */
    public static Map<String, CpuUsage> ofThreads(long pid) {
        Map<String, CpuUsage> usages = new TreeMap<>();
        threads(pid, (task, name) -> usages.merge(name, read(task), CpuUsage::plus));
        return usages;
    }

    /**
     * The threads that a process has now: their names by their numbers.
     *
     * @throws UncheckedIOException if there is no such process, or the kernel does not tell
     */
    public static Map<Long, String> threadsOf(long pid) {
        Map<Long, String> names = new TreeMap<>();
        threads(pid, (task, name) -> names.put(Long.parseLong(task.getFileName().toString()), name));
        return names;
    }

    /** What is done with one thread. */
    @FunctionalInterface
    private interface Visit {
        void at(Path task, String name) throws IOException;
    }

    private static void threads(long pid, Visit visit) {
        try (DirectoryStream<Path> tasks =
                Files.newDirectoryStream(PROC.resolve(Long.toString(pid)).resolve("task"))) {
            for (Path task : tasks) {
                visit(task, visit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void visit(Path task, Visit visit) throws IOException {
        try {
            visit.at(
                    task,
                    Files.readString(task.resolve("comm"), StandardCharsets.ISO_8859_1)
                            .strip());
        } catch (IOException e) {
            if (Files.exists(task)) {
                throw e;
            }
            // it ended while we looked
        }
    }

    private static CpuUsage read(Path thread) throws IOException {
        String times = Files.readString(thread.resolve("schedstat"), StandardCharsets.US_ASCII);
        long switches = 0;
        for (String line : Files.readAllLines(thread.resolve("status"), StandardCharsets.ISO_8859_1)) {
            if (line.contains(SWITCHES)) {
                switches += Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
            }
        }
        return new CpuUsage(Long.parseLong(times.substring(0, times.indexOf(' '))), switches);
    }

    /** Both together. */
    public CpuUsage plus(CpuUsage other) {
        return new CpuUsage(cpuNanos + other.cpuNanos, switches + other.switches);
    }

    /** What came since {@code earlier}. */
    public CpuUsage since(CpuUsage earlier) {
        return new CpuUsage(cpuNanos - earlier.cpuNanos, switches - earlier.switches);
    }
}
