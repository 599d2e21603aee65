package dev.cipu.shim.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole machine in QEMU 11, without a disk, a kernel or a network of its own: it has what the card puts on its bus, and its
 * firmware looks there for something to boot. What boots reports on the serial port, where it takes commands, too
 * ({@code scripts/metal}).
 */
final class Machine implements AutoCloseable {
    static final Duration LIMIT = Console.LIMIT;

    /** What a machine is when it is switched on: its board and the firmware on it. */
    enum Board {
        PC_BIOS("amd64.img", "", ""),
        PC_UEFI("amd64.img", "OVMF/OVMF_CODE_4M.fd", "OVMF/OVMF_VARS_4M.fd"),
        ARM64_UEFI("arm64.img", "AAVMF/AAVMF_CODE.no-secboot.fd", "AAVMF/AAVMF_VARS.fd");

        private final String image;
        private final String code;
        private final String variables;

        Board(String image, String code, String variables) {
            this.image = image;
            this.code = code;
            this.variables = variables;
        }

        /** Makes a disk that this machine boots from. */
        Path disk(Path folder) {
            return copy(Peers.metal().resolve(image), folder.resolve("disk.img"));
        }

        private List<String> command(Path folder) {
            Path qmp = folder.resolve("machine-qmp");
            List<String> command = this == ARM64_UEFI ? Qemu.arm64(qmp) : Qemu.command(true, 1, qmp);
            if (!code.isEmpty()) {
                Path share = Peers.tree().resolve("usr/share");
                // what the firmware remembers is as it left the factory: no boot entry names a disk
                Path memory = copy(share.resolve(variables), folder.resolve("firmware-variables"));
                command.addAll(List.of(
                        "-drive",
                        "if=pflash,unit=0,format=raw,readonly=on,file=" + share.resolve(code),
                        "-drive",
                        "if=pflash,unit=1,format=raw,file=" + memory));
            }
            return command;
        }
    }

    private final Child child;
    private final Console console;

    private Machine(Child child) {
        this.child = child;
        this.console = new Console(child);
    }

    /** Switches a machine on. The options are the devices on its bus. */
    static Machine start(Path folder, Board board, String... options) {
        List<String> command = new ArrayList<>(board.command(folder));
        command.addAll(List.of(options));
        // a machine that is told to reboot does
        command.remove("-no-reboot");
        return new Machine(Child.start("the machine", command));
    }

    /** QEMU's options for functions of the card on vfio-user sockets. */
    static String[] functions(Path... sockets) {
        List<String> options = new ArrayList<>();
        for (Path socket : sockets) {
            options.addAll(List.of("-device", Guest.functionAt(socket)));
        }
        return options.toArray(String[]::new);
    }

    /** How many lines it has said: a place to wait from. */
    int mark() {
        return child.mark();
    }

    /** Waits until its system takes commands, and returns what that said since {@code mark}. */
    String booted(int mark) {
        child.await("RESULT ready", mark, LIMIT);
        List<String> lines = child.lines();
        return String.join(
                "\n",
                lines.subList(mark, lines.size()).stream()
                        .filter(line -> line.contains("RESULT "))
                        .toList());
    }

    String booted() {
        return booted(0);
    }

    /** Gives its system a command. */
    void run(String command) {
        console.run(command);
    }

    /** Gives its system a command, and returns the line that it prints. */
    String ask(String command) {
        return console.ask(command);
    }

    /** Shuts its system down; the machine switches itself off. */
    void shutDown() {
        child.say("sync; poweroff -f");
        int status = child.exit(LIMIT);
        if (status != 0) {
            throw new AssertionError("the machine ended with status " + status + ": " + child.lines());
        }
    }

    /** Cuts its power. */
    void cut() {
        child.kill();
    }

    /** Everything that it said. */
    List<String> lines() {
        return child.lines();
    }

    @Override
    public void close() {
        child.close();
    }

    private static Path copy(Path from, Path to) {
        try {
            return Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
