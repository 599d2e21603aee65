package dev.cipu.bench.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What the kernel tells of the machine. */
public final class Proc {
    private Proc() {}

    /** The processor's model name. */
    public static String cpuModel() throws IOException {
        return field("/proc/cpuinfo", "model name", System.getProperty("os.arch", "unknown"));
    }

    /** Name and release. */
    public static String kernel() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version");
    }

    /** The load average over a minute. */
    public static double loadAverage() throws IOException {
        String load = Files.readString(Path.of("/proc/loadavg"));
        return Double.parseDouble(load.substring(0, load.indexOf(' ')));
    }

    /** A number of /proc/meminfo, by name; 0 if there is none. */
    public static long memory(String name) throws IOException {
        return Long.parseLong(field("/proc/meminfo", name, "0")
                .toLowerCase(Locale.ROOT)
                .replace("kb", "")
                .strip());
    }

    /** What stands behind the colon in a file's first line that begins with {@code name}. */
    public static String field(String file, String name, String otherwise) throws IOException {
        return Files.readAllLines(Path.of(file)).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(otherwise);
    }
}
