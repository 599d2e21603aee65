package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterReader;
import dev.cipu.dataplane.CounterTable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The file in which a running card counts, and how others find and read it. Made and closed by the composition root; the
 * table must not be written to after {@link #close}.
 */
public final class CounterFile implements AutoCloseable {
    private static final String SUFFIX = ".counters";

    /** The kernel tells start times in ticks, and the clock may have been set since. */
    private static final long START_TOLERANCE_MILLIS = 2_000;

    private final Path path;
    private final boolean temporary;
    private final Arena arena = Arena.ofShared();
    private final CounterTable table;

    private CounterFile(Path path, boolean temporary) throws IOException {
        this.path = path;
        this.temporary = temporary;
        // made under another name first: a reader never sees half a table, nor does a card still running at this one
        Path making = path.resolveSibling(
                path.getFileName() + "." + ProcessHandle.current().pid() + ".new");
        try (FileChannel channel = FileChannel.open(
                making,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            table = new CounterTable(
                    channel.map(MapMode.READ_WRITE, 0, CounterTable.DEFAULT_BYTES, arena),
                    ProcessHandle.current().pid(),
                    startMillis(ProcessHandle.current()));
            Files.move(making, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            arena.close();
            Files.deleteIfExists(making);
            throw e;
        }
    }

    /** A file at this path, which stays when the card has ended. */
    public static CounterFile at(Path path) throws IOException {
        return new CounterFile(path.toAbsolutePath(), false);
    }

    /** A file of this process in the user's runtime directory, which goes when the card ends. */
    public static CounterFile ofThisProcess() throws IOException {
        Path directory = directory();
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        removeThoseOfTheDead(directory);
        return new CounterFile(directory.resolve(ProcessHandle.current().pid() + SUFFIX), true);
    }

    /** Where the counters of this user's cards are: {@code $XDG_RUNTIME_DIR/cipu}, or {@code /tmp/cipu-UID}. */
    public static Path directory() throws IOException {
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        if (runtime != null && Files.isDirectory(Path.of(runtime))) {
            return Path.of(runtime, "cipu");
        }
        Object uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        Path directory = Path.of("/tmp/cipu-" + uid);
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
                && !uid.equals(Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
            throw new IOException(directory + " belongs to somebody else");
        }
        return directory;
    }

    /** The counter files in the user's runtime directory, of running cards and of dead ones. */
    public static List<Path> all() throws IOException {
        Path directory = directory();
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
        }
    }

    private static void removeThoseOfTheDead(Path directory) throws IOException {
        for (Path file : all()) {
            if (file.startsWith(directory) && !isAlive(file)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static boolean isAlive(Path file) {
        try {
            return isAlive(read(file));
        } catch (IOException | IllegalArgumentException _) {
            return false;
        }
    }

    /** Whether the card that wrote this still runs. */
    public static boolean isAlive(CounterReader.Snapshot snapshot) {
        Optional<ProcessHandle> process = ProcessHandle.of(snapshot.pid()).filter(ProcessHandle::isAlive);
        return process.isPresent()
                && Math.abs(startMillis(process.get()) - snapshot.startMillis()) <= START_TOLERANCE_MILLIS;
    }

    private static long startMillis(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    /**
     * The counters in a file at this moment.
     *
     * @throws IllegalArgumentException if the file holds none
     */
    public static CounterReader.Snapshot read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Arena reading = Arena.ofConfined()) {
            return CounterReader.read(channel.map(MapMode.READ_ONLY, 0, channel.size(), reading));
        }
    }

    public Path path() {
        return path;
    }

    public CounterTable table() {
        return table;
    }

    @Override
    public void close() {
        arena.close();
        if (temporary) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException _) {
                // the next card of this user takes it for that of a dead one
            }
        }
    }
}
