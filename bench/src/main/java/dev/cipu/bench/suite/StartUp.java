package dev.cipu.bench.suite;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What is started. */
enum StartUp {
    VERSION(Launch.SHORT),
    HELP(Launch.SHORT),
    /** A card with one network device, until hosts can connect to it. */
    SERVE(Launch.FULL);

    /** The word that begins the line by which a card says so. */
    static final String READY = "ready ";

    private final String cache;

    StartUp(String cache) {
        this.cache = cache;
    }

    /** In the names of cases. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The cache that {@code ./cipu} takes. */
    String cache() {
        return cache;
    }

    /** Whether it ends by itself. */
    boolean ends() {
        return this != SERVE;
    }

    /**
     * The arguments.
     *
     * @param folder where the socket goes
     * @param core of the worker
     */
    List<String> arguments(Path folder, int core) {
        return ends()
                ? List.of("--" + label())
                : List.of(
                        label(),
                        "--net",
                        "socket=" + folder.resolve("start-up"),
                        "--cores",
                        Integer.toString(core),
                        "--stats",
                        folder.resolve("counters").toString());
    }
}
