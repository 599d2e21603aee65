package dev.cipu.bench.machine;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Huge pages for the length of a run: added to those that the machine has reserved, and given back when closed or when
 * this process ends.
 */
public final class HugePages implements AutoCloseable {
    private static final Path RESERVED = Path.of("/proc/sys/vm/nr_hugepages");

    private final Path file;
    private final int added;
    private final Thread hook;
    private boolean released;

    private HugePages(Path file, int added) {
        this.file = file;
        this.added = added;
        hook = new Thread(this::release, "release-huge-pages");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** There are not as many huge pages as wanted; the message says why. */
    public static final class Refused extends Exception {
        @Serial
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    /**
     * Reserves pages, all or none.
     *
     * @param warning hears why, if it is none
     * @return null if it is none
     */
    public static @Nullable HugePages reserveOrWarn(int pages, Consumer<String> warning) {
        try {
            return reserve(pages);
        } catch (Refused e) {
            warning.accept("warning: " + e.getMessage() + "; small pages it is, on both sides");
            return null;
        }
    }

    /** Reserves pages, all or none. */
    public static HugePages reserve(int pages) throws Refused {
        return reserve(RESERVED, pages);
    }

    public static HugePages reserve(Path file, int pages) throws Refused {
        int before;
        int now;
        try {
            before = read(file);
            Files.writeString(file, Integer.toString(before + pages));
            now = read(file);
        } catch (IOException e) {
            throw new Refused("cannot reserve " + pages + " huge pages (root can): " + e);
        }
        HugePages reserved = new HugePages(file, now - before);
        if (now - before < pages) {
            reserved.close();
            throw new Refused("only " + (now - before) + " of " + pages + " huge pages could be reserved");
        }
        return reserved;
    }

    private static int read(Path file) throws IOException {
        // not readString: that reads a file of unknown size in two goes, and the kernel answers only the first
        return Integer.parseInt(Files.readAllLines(file).getFirst().strip());
    }

    /** Pages that were added. */
    public int count() {
        return added;
    }

    private synchronized void release() {
        if (released) {
            return;
        }
        released = true;
        try {
            Files.writeString(file, Integer.toString(Math.max(0, read(file) - added)));
        } catch (IOException e) {
            System.err.println("cipu: cannot give back " + added + " huge pages: " + e);
        }
    }

    @Override
    public void close() {
        release();
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
