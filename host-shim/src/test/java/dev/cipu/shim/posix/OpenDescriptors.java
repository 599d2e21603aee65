package dev.cipu.shim.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What this process holds open now, as the kernel sees it. */
public final class OpenDescriptors {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final String TEMPORARY = System.getProperty("java.io.tmpdir");

    private OpenDescriptors() {}

    /** Sockets, events, memfds and temporary files. The JVM opens and closes its own files whenever it likes. */
    public static long count() throws IOException {
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.map(OpenDescriptors::target)
                    .filter(OpenDescriptors::isOurs)
                    .count();
        }
    }

    /** How often a file is open. */
    public static long of(Path file) throws IOException {
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.map(OpenDescriptors::target)
                    .filter(file.toString()::equals)
                    .count();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    private static boolean isOurs(String target) {
        return target.startsWith("socket:")
                || target.startsWith("anon_inode:")
                || target.startsWith("/memfd:")
                || (target.startsWith(TEMPORARY) && !target.endsWith(".jar"));
    }

    public static long mappings(String name) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(name)).count();
        }
    }

    /** Bytes in memory of mappings with this name. */
    public static long bytesHeld(String name) throws IOException {
        long sum = 0;
        boolean counts = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                counts = line.contains(name);
            } else if (counts && line.startsWith("Rss:")) {
                sum += Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        return sum;
    }
}
