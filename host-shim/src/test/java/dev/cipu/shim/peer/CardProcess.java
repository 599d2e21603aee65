package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A card in a JVM of its own, as a user runs it: {@code cipu serve ...} on the class path of this test. */
final class CardProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(20);

    private final Child child;
    private final Path stats;

    private CardProcess(Child child, Path stats) {
        this.child = child;
        this.stats = stats;
    }

    /**
     * Serves, and returns when every socket is ready.
     *
     * @param folder where its counters go
     * @param options the options of {@code cipu serve}
     */
    static CardProcess serve(Path folder, String... options) {
        Path stats = folder.resolve("stats");
        List<String> command = command("serve", "--stats", stats.toString(), "--cores", "0");
        command.addAll(List.of(options));
        CardProcess card = new CardProcess(Child.start("the card", command), stats);
        long sockets = List.of(options).stream()
                .filter(option ->
                        List.of("--net", "--blk", "--tap", "--control").contains(option))
                .count();
        int from = 0;
        try {
            for (int i = 0; i < sockets; i++) {
                card.child.await("ready", from, START);
                while (!card.child.lines().get(from++).contains("ready")) {}
            }
        } catch (AssertionError e) {
            card.close();
            throw e;
        }
        return card;
    }

    /** The command line that runs {@code cipu} with the given arguments in a JVM of its own. */
    static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+EnableVectorSupport",
                "-XX:+EnableVectorReboxing",
                "--add-exports=java.base/jdk.internal.vm.vector=ALL-UNNAMED",
                "-Dcipu.vectors=true",
                "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.cipu.shim.cli.Main"));
        command.addAll(List.of(arguments));
        return command;
    }

    Child child() {
        return child;
    }

    /** What it counted so far, as {@code cipu stats} shows it: for failure messages. */
    String counters() {
        try (Child stats = Child.start("cipu stats", command("stats", "--stats", this.stats.toString()))) {
            stats.exit(START);
            return String.join("\n", stats.lines());
        }
    }

    /** SIGKILL: a crash. */
    void kill() {
        child.kill();
    }

    /** SIGTERM: it must end cleanly and soon. */
    void end() {
        assertThat(child.terminate(Duration.ofSeconds(10)))
                .as("exit status of the card; it said: %s", child.lines())
                .isIn(0, 143);
        Negotiated.record(child.lines());
    }

    @Override
    public void close() {
        child.close();
    }
}
