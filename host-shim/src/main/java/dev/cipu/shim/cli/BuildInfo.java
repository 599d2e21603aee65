package dev.cipu.shim.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Which build this is.
 *
 * @param version the project's
 * @param commit abbreviated, empty if the build was not told
 */
record BuildInfo(String version, String commit) {
    private static final String RESOURCE = "build.properties";

    static BuildInfo read() {
        Properties properties = new Properties();
        try (InputStream in = BuildInfo.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("the build left out " + RESOURCE);
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new BuildInfo(
                properties.getProperty("version", "unknown"),
                properties.getProperty("commit", "").strip());
    }

    /** {@code cipu 0.1.0 (abc1234), Java 25.0.3}. */
    String text() {
        String build = commit.isEmpty() ? version : version + " (" + commit + ")";
        return "cipu " + build + ", Java " + System.getProperty("java.version");
    }
}
