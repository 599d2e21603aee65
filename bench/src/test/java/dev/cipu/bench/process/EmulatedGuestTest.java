package dev.cipu.bench.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import dev.cipu.shim.posix.Affinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of QEMU, and what is said when the guest does not come up. A shell script stands for QEMU. */
@Timeout(60)
class EmulatedGuestTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Takes from the options where the script is and where the first serial port goes. */
    private static final String PRELUDE = """
            all="$*"
            while [ $# -gt 0 ]; do
              case $1 in
                -fw_cfg) script=${2##*file=} ;;
                file:*) log=${1#file:} ;;
              esac
              shift
            done
            """;

    @TempDir
    private Path folder;

    private EmulatedGuest guest(String program) throws IOException {
        Files.writeString(folder.resolve("vmlinuz"), "");
        Files.writeString(folder.resolve("full.cpio"), "");
        Path qemu = Files.writeString(folder.resolve("qemu"), PRELUDE + program);
        return EmulatedGuest.of(List.of("/bin/sh", qemu.toString()), folder);
    }

    private static Child boot(EmulatedGuest guest, Children children) throws IOException, InterruptedException {
        return guest.boot(
                children,
                "machine",
                Affinity.allowed().getFirst(),
                "the script",
                "up",
                List.of("-device", "of its own"));
    }

    @Test
    void theScriptIsHandedOverAndTheConsoleTalks() throws IOException, InterruptedException {
        EmulatedGuest guest =
                guest("echo up; cat \"$script\"; echo; echo \"$all\"; read -r line; echo \"heard $line\"\n");
        try (Children children = new Children()) {
            Child child = boot(guest, children);
            assertThat(child.nextLine(PATIENCE)).isEqualTo("the script");
            assertThat(child.nextLine(PATIENCE))
                    .contains("-accel tcg", "-m 256M", "-serial stdio", "-kernel " + folder.resolve("vmlinuz"))
                    .contains("-initrd " + folder.resolve("full.cpio"))
                    .endsWith("-device of its own");
            child.say("a job");
            assertThat(child.nextLine(PATIENCE)).isEqualTo("heard a job");
        }
    }

    @Test
    void aGuestThatIsNotReadyIsToldWithTheEndOfItsConsole() throws IOException, InterruptedException {
        EmulatedGuest guest = guest("echo 'Kernel panic' >\"$log\"; echo no such load\n");
        try (Children children = new Children()) {
            assertThatThrownBy(() -> boot(guest, children))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("machine says: no such load", "its console ends: Kernel panic")
                    .hasMessageContaining("scripts/guest-image.sh");
        }
    }

    @Test
    void aQemuThatEndsIsToldWithItsLastWords() throws IOException, InterruptedException {
        EmulatedGuest guest = guest("echo 'invalid accelerator' >&2; exit 1\n");
        try (Children children = new Children()) {
            assertThatThrownBy(() -> boot(guest, children))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("machine ended: invalid accelerator", "its console ends: nothing");
        }
    }

    @Test
    void anImageThatIsMissingNamesItsScript() throws IOException {
        Files.writeString(folder.resolve("vmlinuz"), "");
        assertThatThrownBy(() -> EmulatedGuest.of(List.of(EmulatedGuest.PROGRAM), folder))
                .hasMessageContaining("scripts/guest-image.sh makes it")
                .asInstanceOf(InstanceOfAssertFactories.type(CommandFailure.class))
                .extracting(CommandFailure::exitCode)
                .isEqualTo(ExitCode.MISSING);
    }

    @Test
    void whoSaysNothingIsNotWaitedForForever() throws IOException, InterruptedException {
        EmulatedGuest guest = guest("echo up; exec sleep 60\n");
        try (Children children = new Children()) {
            Child child = boot(guest, children);
            assertThatThrownBy(() -> child.nextLine(Duration.ofMillis(200)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("machine says nothing for");
        }
    }
}
