package dev.cipu.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.bench.process.RunLength;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts that need no peer of others'. */
class OwnPartsTest {
    private static final RunLength SHORT = new RunLength(0.01, 0.02);

    @Test
    void framesGoThroughTheSwitchAndThroughMemory() throws IOException, InterruptedException {
        int core = Affinity.allowed().getFirst();
        for (Frames frames : List.of(new SwitchedFrames(), new CopiedFrames())) {
            for (int bytes : new int[] {64, 1518}) {
                assertThat(new FrameContender(core, frames)
                                .measure(bytes, SHORT)
                                .get(SwitchMatch.RATE))
                        .as("%s, %d bytes", frames.getClass().getSimpleName(), bytes)
                        .isGreaterThan(1_000);
            }
        }
    }

    @Test
    void bothSidesOfAStartDifferInNothingButTheCache(@TempDir Path folder) throws IOException {
        Path caches = Files.createDirectory(folder.resolve("aot"));
        Path jar = folder.resolve("cipu.jar");
        assertThatThrownBy(() -> Launch.ofThisProcess(jar.toString()))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("./cipu");
        Files.writeString(caches.resolve(Launch.SHORT), "");
        Files.writeString(caches.resolve(Launch.FULL), "");
        Launch launch = Launch.ofThisProcess(jar.toString());
        List<String> plain = launch.command(Launch.FULL, false, List.of("serve"));
        List<String> cached = launch.command(Launch.FULL, true, List.of("serve"));
        assertThat(cached).containsAll(plain).contains("-XX:AOTCache=" + caches.resolve(Launch.FULL));
        assertThat(plain).endsWith("-jar", jar.toString(), "serve").noneMatch(flag -> flag.contains("AOT"));
        assertThat(launch.command(Launch.SHORT, false, List.of("--help"))).contains("-XX:TieredStopAtLevel=1");
    }
}
