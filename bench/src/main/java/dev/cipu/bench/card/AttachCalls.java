package dev.cipu.bench.card;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Program;
import dev.cipu.shim.posix.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Calls of the command line against one card, the kinds in turns, so that what the machine does meanwhile meets them alike. The
 * clock stops when the command has ended; that its device can be connected to is asked after that.
 */
final class AttachCalls {
    private static final long PATIENCE_SECONDS = 30;

    /** Before what is measured: the card's own code is cold, and its part of a call is the smaller one. */
    private static final int WARM_UP = 3;

    /** What the script gives to a command that only asks, and a JVM that then does nothing. */
    private static final List<String> BARE = List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:ArchiveRelocationMode=0",
            "-version");

    private final Children children;
    private final Path script;
    private final Path control;
    private int made;

    private AttachCalls(Children children, Path script) {
        this.children = children;
        this.script = script;
        control = children.folder().resolve("control");
    }

    static List<CallTimes> measure(Children children, Path script, int core, int rounds)
            throws IOException, InterruptedException {
        AttachCalls calls = new AttachCalls(children, script);
        CardChild card = CardChild.start(children, script, core, 1, calls.options());
        try {
            return calls.measure(rounds);
        } finally {
            card.end();
        }
    }

    private List<String> options() {
        return List.of(
                "--idle",
                "sleep",
                "--control",
                control.toString(),
                "--stats",
                children.folder().resolve("counters").toString());
    }

    private List<CallTimes> measure(int rounds) throws IOException, InterruptedException {
        Map<String, List<Long>> nanos = new LinkedHashMap<>();
        for (int round = -WARM_UP; round < rounds; round++) {
            Map<String, Long> took = new LinkedHashMap<>();
            took.put("attach/vhost-user", attach("vhost-user"));
            took.put("attach/vfio-user", attach("vfio-user"));
            List<String> bare = new ArrayList<>(BARE);
            bare.addFirst(Program.java());
            took.put("bare-jvm", time(bare, ""));
            if (round >= 0) {
                took.forEach((name, each) ->
                        nanos.computeIfAbsent(name, _ -> new ArrayList<>()).add(each));
            }
        }
        return nanos.entrySet().stream()
                .map(each -> CallTimes.of(each.getKey(), each.getValue()))
                .toList();
    }

    private long attach(String transport) throws IOException, InterruptedException {
        Path socket = children.folder().resolve("n" + made++);
        long took = time(
                List.of(
                        script.toString(),
                        "attach",
                        "net",
                        "socket=" + socket + ",transport=" + transport,
                        "--control",
                        control.toString()),
                "ready net ");
        UnixSocket.connect(socket).close();
        return took;
    }

    private long time(List<String> command, String expected) throws IOException, InterruptedException {
        Path said = children.folder().resolve("said");
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        long took = System.nanoTime() - start;
        if (!ended) {
            process.destroyForcibly();
        }
        String output = Files.readString(said, StandardCharsets.ISO_8859_1);
        if (!ended || process.exitValue() != 0 || !output.startsWith(expected)) {
            throw new IOException(String.join(" ", command) + " failed: " + output.strip());
        }
        return took;
    }
}
