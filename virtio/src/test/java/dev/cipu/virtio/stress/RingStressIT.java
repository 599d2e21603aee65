package dev.cipu.virtio.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The memory ordering of both rings under jcstress, in a JVM of its own, which starts one for every test and compiler. Here it is
 * a short run; {@code scripts/stress.sh} makes longer ones.
 */
@Timeout(7200)
class RingStressIT {
    private static final int TESTS = 16;

    /** One fork of a third of a second for each test and compiler. */
    private static final String SHORT = "-f 1 -iters 1 -time 300 -sc false";

    private static final Pattern RESULTS = Pattern.compile(
            "Results: (\\d+) planned; (\\d+) passed, (\\d+) failed, (\\d+) soft errs, (\\d+) hard errs");

    @Test
    void noForbiddenOutcomeIsSeen() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(Path.of("target", "jcstress"));
        Path output = folder.resolve("output.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-r",
                "report",
                "-jvmArgs",
                "--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseSerialGC"));
        String options = System.getProperty("cipu.stress", SHORT);
        command.addAll(List.of(options.split(" ")));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            process.waitFor();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output, StandardCharsets.UTF_8);
        List<MatchResult> results = RESULTS.matcher(said).results().toList();
        assertThat(results).as("what jcstress said: %s", said).isNotEmpty();
        MatchResult last = results.getLast();
        System.out.println("jcstress: " + last.group());
        assertThat(said).as("all is in %s", output).doesNotContain("[FAILED]", "[ERROR]");
        assertThat(last.group(3) + last.group(4) + last.group(5))
                .as(last.group())
                .isEqualTo("000");
        assertThat(Integer.parseInt(last.group(2)))
                .as(last.group())
                .isGreaterThanOrEqualTo(options.equals(SHORT) ? TESTS : 1);
        assertThat(process.exitValue()).isZero();
    }
}
