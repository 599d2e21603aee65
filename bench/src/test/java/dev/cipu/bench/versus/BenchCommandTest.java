package dev.cipu.bench.versus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.bench.BenchCommand;
import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.HugePages;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.Setup;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.cli.Main;
import dev.cipu.shim.cli.Subcommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(new PrintWriter(new StringWriter()), new PrintWriter(err), args);
    }

    @Test
    void isFoundAmongTheSubcommands() {
        assertThat(ServiceLoader.load(Subcommand.class)).anyMatch(BenchCommand.class::isInstance);
    }

    @Test
    void wantsToKnowWhatToCompare() {
        assertThat(run("bench")).isEqualTo(ExitCode.USAGE);
        assertThat(run("bench", "net", "--nonsense")).isEqualTo(ExitCode.USAGE);
        assertThat(run("bench", "net", "--host-core", "0", "--card-core", "0")).isNotEqualTo(ExitCode.DONE);
    }

    @Test
    void aCoreThatIsNotThereIsMissing() {
        assertThat(run("bench", "blk", "--host-core", "4711")).isEqualTo(ExitCode.MISSING);
        assertThat(err.toString().lines()).hasSize(1);
    }

    @Test
    void noRoundsAreNoMeasurement() {
        for (String what : List.of("attach", "sim", "record")) {
            for (String rounds : List.of("0", "-1", "1001")) {
                err.getBuffer().setLength(0);
                assertThat(run("bench", what, "--rounds", rounds)).as(what).isEqualTo(ExitCode.USAGE);
                assertThat(err.toString().lines())
                        .singleElement()
                        .asString()
                        .contains("--rounds is from 1 to 1000, not " + rounds);
            }
        }
    }

    @Test
    void oneCoreIsTooFew() {
        assertThatThrownBy(() -> new CoreOptions().require(List.of(0)))
                .asInstanceOf(InstanceOfAssertFactories.type(CommandFailure.class))
                .extracting(CommandFailure::exitCode)
                .isEqualTo(ExitCode.MISSING);
    }

    @Test
    void aMissingPeerNamesItsPackage(@TempDir Path empty) {
        assertThatThrownBy(() -> Program.find("dpdk-testpmd", "", "dpdk-dev"))
                .hasMessageContaining("apt-get install dpdk-dev")
                .asInstanceOf(InstanceOfAssertFactories.type(CommandFailure.class))
                .extracting(CommandFailure::exitCode)
                .isEqualTo(ExitCode.MISSING);
        assertThatThrownBy(() -> Program.find("dpdk-testpmd", empty.toString(), "dpdk-dev"))
                .isInstanceOf(CommandFailure.class);
    }

    /** The whole command with an empty search path, in a process of its own: that is how the environment is changed. */
    @Test
    void withoutPeersTheExitCodeIsThree() throws IOException, InterruptedException {
        for (String what : List.of("net", "blk")) {
            ProcessBuilder builder = new ProcessBuilder(Program.java(Setup.MAIN, List.of("bench", what)));
            builder.environment().put("PATH", "");
            Process process = builder.redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isEqualTo(ExitCode.MISSING);
            assertThat(said.lines().filter(line -> line.startsWith("cipu: "))).hasSize(1);
        }
    }

    @Test
    void hugePagesAreAddedAndGivenBack(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("nr_hugepages"), "7\n");
        try (HugePages pages = HugePages.reserve(file, 5)) {
            assertThat(pages.count()).isEqualTo(5);
            assertThat(file).hasContent("12");
        }
        assertThat(file).hasContent("7");
    }

    @Test
    void hugePagesThatCannotBeHadAreRefused(@TempDir Path folder) {
        assertThatThrownBy(() -> HugePages.reserve(folder.resolve("none"), 5))
                .isInstanceOf(HugePages.Refused.class)
                .hasMessageContaining("cannot reserve 5 huge pages");
    }
}
