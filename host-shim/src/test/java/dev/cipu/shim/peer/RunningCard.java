package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A card with a control socket, and the commands that change it while it runs. Every frame that leaves its switch comes back. */
final class RunningCard implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    private final CardProcess process;
    private final String control;

    private RunningCard(CardProcess process, String control) {
        this.process = process;
        this.control = control;
    }

    /** Serves devices in the words of {@code cipu serve}, or none. */
    static RunningCard serve(Path folder, String... devices) {
        String control = folder.resolve("control").toString();
        List<String> options =
                new ArrayList<>(List.of("--idle", "sleep", "--uplink", "loopback:", "--control", control));
        options.addAll(List.of(devices));
        return new RunningCard(CardProcess.serve(folder, options.toArray(String[]::new)), control);
    }

    /** What {@code cipu} says; it must end as expected. */
    List<String> cipu(int status, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--control", control));
        try (Child child = Child.start("cipu", CardProcess.command(all.toArray(String[]::new)))) {
            assertThat(child.exit(LIMIT))
                    .as("%s: %s", all, String.join("\n", child.lines()))
                    .isEqualTo(status);
            return child.lines();
        }
    }

    /** Files that it has open. */
    long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/" + process.child().pid() + "/fd"))) {
            return all.count();
        }
    }

    /** It must end cleanly and soon. */
    void end() {
        process.end();
    }

    @Override
    public void close() {
        process.close();
    }
}
