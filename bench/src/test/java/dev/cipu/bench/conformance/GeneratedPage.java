package dev.cipu.bench.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A page of docs/ that code writes. {@code -Dcipu.docs=write} writes it, see scripts/docs.sh; else it must be up to date. */
final class GeneratedPage {
    private GeneratedPage() {}

    static boolean isToBeWritten() {
        return "write".equals(System.getProperty("cipu.docs"));
    }

    /** The project, whose modules' tests run in their own folders. */
    static Path root() {
        Path root = Path.of("").toAbsolutePath().getParent();
        if (root == null || !Files.isDirectory(root.resolve("docs"))) {
            throw new IllegalStateException("the tests of a module run in its folder, not in "
                    + Path.of("").toAbsolutePath());
        }
        return root;
    }

    static void check(String name, String text) throws IOException {
        Path page = root().resolve("docs").resolve(name);
        if (isToBeWritten()) {
            Files.writeString(page, text);
        }
        assertThat(Files.readString(page))
                .as("docs/%s is out of date: scripts/docs.sh writes it anew", name)
                .isEqualTo(text);
    }
}
