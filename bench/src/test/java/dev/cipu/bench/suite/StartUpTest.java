package dev.cipu.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.Setup;
import dev.cipu.shim.posix.Affinity;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartUpTest {
    private static final RunLength ONE_START = new RunLength(0, 0);

    @TempDir
    private Path folder;

    private final int core = Affinity.allowed().getFirst();

    /** The application as a jar that names this test's class path. */
    private Launch application() throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.put(Attributes.Name.MAIN_CLASS, Setup.MAIN);
        main.put(
                Attributes.Name.CLASS_PATH,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                        .map(entry -> Path.of(entry).toUri().toString())
                        .collect(Collectors.joining(" ")));
        Path jar = folder.resolve("cipu.jar");
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        return new Launch(jar, folder.resolve("aot"));
    }

    @Test
    void startsAreTimed() throws IOException, InterruptedException {
        try (Children children = new Children()) {
            StartUpContender peer = new StartUpContender(children, application(), core, false);
            for (StartUp what : StartUp.values()) {
                assertThat(peer.measure(what, ONE_START))
                        .as(what.label())
                        .containsEntry("starts", 1.0)
                        .hasEntrySatisfying(
                                StartUpMatch.MILLIS,
                                millis -> assertThat(millis).isGreaterThan(10));
            }
        }
    }

    @Test
    void aCacheThatCannotBeUsedIsAFailureAndNoSlowStart() throws IOException, InterruptedException {
        try (Children children = new Children()) {
            StartUpContender ours = new StartUpContender(children, application(), core, true);
            assertThatThrownBy(() -> ours.measure(StartUp.VERSION, ONE_START))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cipu version with its cache failed");
        }
    }

    @Test
    void onlyWantedCasesAreRun() {
        StartUpMatch match = new StartUpMatch(
                new Setup("", 1, 0, List.of("start-up/serve"), false), new Launch(Path.of("jar"), Path.of("aot")));
        assertThat(match.scenarios()).singleElement().satisfies(scenario -> {
            assertThat(scenario.workload()).isEqualTo(StartUp.SERVE);
            assertThat(scenario.metrics().getFirst().moreIsBetter()).isFalse();
        });
    }
}
