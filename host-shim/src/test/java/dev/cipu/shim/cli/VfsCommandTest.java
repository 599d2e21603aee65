package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.probe.Pause;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cipu vfs}, the host of a physical function. */
@Timeout(60)
class VfsCommandTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    private CardAssembly card(String keys) {
        CardSpec spec = new CardSpecBuilder()
                .idle("test", "sleep")
                .stats(folder.resolve("counters"))
                .net(KeyValues.parse("test", "transport=vfio-user,socket=" + folder + "/n," + keys))
                .build();
        CardAssembly card = CardAssembly.start(spec);
        spec.devices().forEach(card::serve);
        return card;
    }

    @Test
    void functionsAreThereAsLongAsTheCommandLives() throws Exception {
        CompletableFuture<Integer> command;
        try (CardAssembly card = card("id=n,vfs=3")) {
            command = CompletableFuture.supplyAsync(() -> run("vfs", folder + "/n", "2"));
            assertThat(Pause.until(() -> out.toString().contains("ready vf 1"), LIMIT))
                    .as("it says %s", err)
                    .isTrue();
            assertThat(out.toString()).isEqualTo("ready vf 0 " + folder + "/n.vf0\nready vf 1 " + folder + "/n.vf1\n");
            assertThat(card.present()).extracting(DeviceSpec::id).containsExactly("n", "n.vf0", "n.vf1");
            assertThat(folder.resolve("n.vf1")).exists();
        }
        assertThat(command.get(20, TimeUnit.SECONDS)).isEqualTo(ExitCode.MISSING);
        assertThat(err.toString()).contains("/n: the function is gone; start its card again");
    }

    @Test
    void whatCannotBeIsSaid() {
        try (CardAssembly card = card("id=n,vfs=3")) {
            assertThat(run("vfs", folder + "/n", "4")).isEqualTo(ExitCode.USAGE);
            assertThat(err.toString()).contains("can have 3 virtual functions, not 4; say less");
            assertThat(run("vfs", folder + "/n", "0")).isEqualTo(ExitCode.USAGE);
            assertThat(card.present()).hasSize(1);
        }
        try (CardAssembly card = card("id=n")) {
            assertThat(run("vfs", folder + "/n", "1")).isEqualTo(ExitCode.FAILED);
            assertThat(err.toString()).contains("/n is a function that can have no virtual ones");
            assertThat(card.present()).hasSize(1);
        }
    }
}
