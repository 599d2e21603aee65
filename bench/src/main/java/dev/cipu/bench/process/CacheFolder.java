package dev.cipu.bench.process;

import java.nio.file.Path;

/** Where the scripts of this project keep what they have made of other people's packages. */
public final class CacheFolder {
    private CacheFolder() {}

    public static Path path() {
        String folder = System.getenv("XDG_CACHE_HOME");
        return (folder == null || folder.isEmpty()
                        ? Path.of(System.getProperty("user.home"), ".cache")
                        : Path.of(folder))
                .resolve("cipu");
    }

    /** The image of an emulated guest. */
    public static Path guest() {
        return path().resolve("guest");
    }
}
