package dev.cipu.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Counts kicks and calls from outside: a polling server reads none of its eventfds and a polling driver none of the
 * other half, so the kernel's counters of them add up. The server need not be asked, whoever wrote it.
 */
public final class NotificationCount {
    private static final String COUNTER = "eventfd-count:";
    private static final int HEXADECIMAL = 16;

    private NotificationCount() {}

    /** The sum of all event counters that a process has open. */
    public static long of(long pid) throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fdinfo"))) {
            for (Path descriptor : descriptors) {
                sum += read(descriptor);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return sum;
    }

    private static long read(Path descriptor) throws IOException {
        try {
            return count(Files.readString(descriptor));
        } catch (NoSuchFileException closedMeanwhile) {
            return 0;
        }
    }

    /** The counter in one descriptor's facts, 0 if it is no eventfd. */
    public static long count(String facts) {
        return facts.lines()
                .filter(line -> line.startsWith(COUNTER))
                .mapToLong(line ->
                        Long.parseUnsignedLong(line.substring(COUNTER.length()).strip(), HEXADECIMAL))
                .sum();
    }
}
