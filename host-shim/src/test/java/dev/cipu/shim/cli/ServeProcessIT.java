package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.shim.load.BlkLoad;
import dev.cipu.shim.load.BlkLoadResult;
import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.load.Target;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cipu serve} as a process of its own, as a user runs it. */
@Timeout(120)
class ServeProcessIT {
    private final List<Process> started = new ArrayList<>();

    @TempDir
    private Path directory;

    private Process cipu(String... args) throws IOException {
        return cipu(List.of(), args);
    }

    /**
     * @param starter a command that ends with becoming the one that follows it
     */
    private Process cipu(List<String> starter, String... args) throws IOException {
        List<String> command = new ArrayList<>(starter);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(directory.resolve("stderr").toFile());
        builder.environment().put("XDG_RUNTIME_DIR", runtime().toString());
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private Path runtime() throws IOException {
        return Files.createDirectories(directory.resolve("runtime"));
    }

    @AfterEach
    void endWhatWasStarted() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly();
            process.waitFor();
        }
    }

    private List<String> lines(Process process, int count) throws IOException {
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String line = reader.readLine();
            if (line == null) {
                throw new AssertionError("ended after " + lines + ": " + Files.readString(directory.resolve("stderr")));
            }
            lines.add(line);
        }
        return lines;
    }

    /** Nobody gets a chance to end the trace; nothing is written to the user's home. */
    @Test
    void aRecordingCardHasNothingToWarnOf() throws IOException {
        Process card = cipu(
                "serve",
                "--blk",
                "socket=" + directory.resolve("b") + ",store=mem:1M",
                "--record",
                directory.resolve("trace").toString());
        assertThat(lines(card, 1)).containsExactly("ready blk blk0 " + directory.resolve("b"));
        assertThat(directory.resolve("stderr")).isEmptyFile();
    }

    @Test
    void whatWasRecordedOutlivesACardThatIsKilled() throws Exception {
        Path home = Files.createDirectories(directory.resolve("home"));
        Path blk = directory.resolve("b0");
        Path trace = directory.resolve("trace");
        Process card = cipu(
                List.of("env", "HOME=" + home, "JAVA_TOOL_OPTIONS=-Duser.home=" + home),
                "serve",
                "--idle",
                "sleep",
                "--record",
                trace.toString(),
                "--blk",
                "socket=" + blk + ",store=mem:4M,id=d");
        assertThat(lines(card, 1)).containsExactly("ready blk d " + blk);
        verifiedLoad(blk);
        long served = stats().get("counters").get("d/0").get("writes").asLong();
        // longer than records wait for the thread that writes them
        Thread.sleep(500);
        card.destroyForcibly().waitFor();

        StringWriter info = new StringWriter();
        assertThat(Main.run(new PrintWriter(info), new PrintWriter(info), "trace", "info", trace.toString(), "--json"))
                .as(info.toString())
                .isZero();
        JsonNode found = JsonMapper.shared().readTree(info.toString());
        assertThat(found.get("ended").asBoolean()).isFalse();
        assertThat(found.get("lost").asLong()).isZero();
        assertThat(found.get("transactions").asLong())
                .isGreaterThanOrEqualTo(served)
                .isPositive();
        assertThat(home).isEmptyDirectory();
        assertThat(Files.readString(directory.resolve("stderr"))).doesNotContain("hronicle");
    }

    @Test
    void itServesUntilItIsToldToEndAndLeavesNothing() throws Exception {
        Path net = directory.resolve("n0");
        Path blk = directory.resolve("b0");
        Process card = cipu(
                "serve", "--idle", "sleep", "--net", "socket=" + net, "--blk", "socket=" + blk + ",store=mem:4M,id=d");

        assertThat(lines(card, 2)).containsExactly("ready net net0 " + net, "ready blk d " + blk);
        assertThat(net).exists();
        assertThat(blk).exists();
        BlkLoadResult result = verifiedLoad(blk);
        assertThat(result.passed()).as(result.firstProblem()).isTrue();
        JsonNode counters = stats();
        assertThat(counters.get("running").asBoolean()).isTrue();
        assertThat(counters.get("pid").asLong()).isEqualTo(card.pid());
        assertThat(counters.get("counters").get("d/0").get("writes").asLong()).isPositive();

        card.destroy();
        assertThat(card.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(card.exitValue()).isZero();
        assertThat(net).doesNotExist();
        assertThat(blk).doesNotExist();
        try (Stream<Path> left = Files.list(runtime().resolve("cipu"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void itServesASocketThatItsParentListensOn() throws Exception {
        Path perl = Path.of("/usr/bin/perl");
        assumeTrue(Files.isExecutable(perl), "perl is missing: nothing here to hand over a socket with");
        Path socket = directory.resolve("inherited");
        String listen = "$^F = 9; socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un(shift)) && listen(S, 1)"
                + " && fileno(S) == 3 && exec @ARGV; die $!";
        Process card = cipu(
                List.of(perl.toString(), "-MSocket", "-e", listen, socket.toString()),
                "serve",
                "--blk",
                "fd=3,store=mem:4M");
        assertThat(lines(card, 1).getFirst()).startsWith("ready blk blk0 ");
        for (int session = 0; session < 2; session++) {
            BlkLoadResult result = verifiedLoad(socket);
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
        }
        card.destroy();
        assertThat(card.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(card.exitValue()).isZero();
        assertThat(socket).as("its parent's to remove").exists();
    }

    @Test
    void aPacedDiskTakesTheCardsTimeAndTheCardSaysHowWellItKeptToIt() throws Exception {
        Path blk = directory.resolve("b0");
        Process card = cipu("serve", "--timing", "cipu-1", "--blk", "socket=" + blk + ",store=mem:4M");
        lines(card, 1);
        BlkLoadResult result = verifiedLoad(blk);
        assertThat(result.passed()).as(result.firstProblem()).isTrue();
        // the profile's write, the quicker one
        assertThat(result.latencyNs().min()).isGreaterThanOrEqualTo(17_000);
        JsonNode paced = stats().get("counters").get("blk0/paced0");
        assertThat(paced.get("paced").asLong()).isGreaterThanOrEqualTo(500);
        assertThat(paced.get("error_p99_ns").asLong())
                .isGreaterThanOrEqualTo(paced.get("error_p50_ns").asLong())
                .isPositive();
        // unlike the process's own, this leaves its output to be read
        card.toHandle().destroy();
        assertThat(lines(card, 1).getFirst())
                .matches("timing blk0/paced0: \\d+ delayed by \\d+\\.\\d us in the mean; error p50 .* us, p99 .* us.*");
        assertThat(card.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(card.exitValue()).isZero();
    }

    private static BlkLoadResult verifiedLoad(Path socket) {
        BlkLoadSpec spec = new BlkLoadSpec(
                Target.of(socket),
                BlkWorkload.RANDRW,
                4096,
                4,
                1,
                1 << 20,
                RunSpec.ofSeconds(1).withWarmup(0).withInterrupt(true).withCount(500),
                true,
                false);
        return BlkLoad.connect(spec).run();
    }

    private JsonNode stats() throws Exception {
        Process reader = cipu("stats", "--json", "-");
        String text = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(reader.waitFor()).isZero();
        return JsonMapper.shared().readTree(text);
    }

    @Test
    void aSocketThatIsServedAlreadyIsAMissingResource() throws Exception {
        String device = "socket=" + directory.resolve("n0");
        lines(cipu("serve", "--idle", "sleep", "--net", device), 1);
        StringWriter err = new StringWriter();

        int exitCode = Main.run(
                new PrintWriter(new StringWriter()),
                new PrintWriter(err),
                "serve",
                "--stats",
                directory.resolve("c").toString(),
                "--idle",
                "sleep",
                "--net",
                device);

        assertThat(exitCode).isEqualTo(3);
        assertThat(err.toString()).contains("net0", "is served by another process");
        assertThat(directory.resolve("n0")).as("the other's socket").exists();
    }

    @Test
    void theSocketOfACardThatWasKilledIsTakenOver() throws Exception {
        Path socket = directory.resolve("n0");
        Process first = cipu("serve", "--idle", "sleep", "--net", "socket=" + socket);
        lines(first, 1);
        first.destroyForcibly().waitFor();
        assertThat(socket).exists();

        Process second = cipu("serve", "--idle", "sleep", "--net", "socket=" + socket);
        assertThat(lines(second, 1)).containsExactly("ready net net0 " + socket);
        assertThat(stats().get("pid").asLong())
                .as("the dead card's counters are gone")
                .isEqualTo(second.pid());
    }

    @Test
    void aDescriptionInAFileWorksToo() throws Exception {
        Path file = directory.resolve("card.yaml");
        Files.writeString(file, """
                idle: sleep
                switches: {a: {uplink: "loopback:"}}
                devices:
                  - {kind: net, socket: %1$s/n0, switch: a}
                  - {kind: net, socket: %1$s/n1, switch: a, mode: client}
                """.formatted(directory));

        assertThat(lines(cipu("serve", file.toString()), 2))
                .containsExactly("ready net net0 " + directory + "/n0", "ready net net1 " + directory + "/n1");
        assertThat(directory.resolve("n1"))
                .as("a client's socket is made by the front-end")
                .doesNotExist();
    }

    @Test
    void helpAndVersionLoadNeitherNativeCodeNorTheDataplane() throws Exception {
        for (String option : List.of("--version", "--help")) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-verbose:class",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Main.class.getName(),
                            option)
                    .start();
            started.add(process);
            try (Stream<String> loaded = process.inputReader().lines()) {
                assertThat(loaded.filter(line -> line.matches(".* (jnr|com\\.kenai|dev\\.cipu\\.dataplane)\\..*")))
                        .isEmpty();
            }
            assertThat(process.waitFor()).isZero();
        }
    }
}
