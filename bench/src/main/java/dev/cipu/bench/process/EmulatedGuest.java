package dev.cipu.bench.process;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A Linux guest under QEMU's emulation: one processor, and no devices but those that it is given. A script is all that it runs; what
 * that says and hears on the second serial port is the child's console.
 *
 * @param qemu the command that runs QEMU
 * @param kernel a Linux kernel
 * @param initrd with the guest's tools
 */
public record EmulatedGuest(List<String> qemu, Path kernel, Path initrd) {
    public static final String PROGRAM = "qemu-system-x86_64";
    public static final String PACKAGE = "qemu-system-x86";

    private static final String MEMORY = "256M";

    /** Options for memory that a back-end can map. */
    public static final List<String> SHARED_MEMORY = List.of(
            "-machine", "memory-backend=mem", "-object", "memory-backend-memfd,id=mem,size=" + MEMORY + ",share=on");

    /** No clock is to be calibrated against another one: under emulation that takes long, and may fail. */
    private static final String KERNEL_PARAMETERS =
            "console=ttyS0 quiet panic=-1 lpj=1000000 tsc=reliable no_timer_check nokaslr mitigations=off"
                    + " random.trust_cpu=on";

    private static final Duration BOOT = Duration.ofSeconds(60);

    /**
     * The guest whose image is kept in a folder.
     *
     * @throws CommandFailure if it is not there
     */
    public static EmulatedGuest of(List<String> qemu, Path folder) {
        EmulatedGuest guest = new EmulatedGuest(qemu, folder.resolve("vmlinuz"), folder.resolve("full.cpio"));
        if (!Files.isReadable(guest.kernel) || !Files.isReadable(guest.initrd)) {
            throw new CommandFailure(
                    ExitCode.MISSING, "the guest's image is missing; on Debian: scripts/guest-image.sh makes it");
        }
        return guest;
    }

    /**
     * Starts QEMU on one core, with further options of its, and waits until the script says that it is ready.
     *
     * @param name of the process and its threads, too
     * @throws IOException if it does not get that far
     */
    public Child boot(Children children, String name, int core, String script, String ready, List<String> options)
            throws IOException, InterruptedException {
        Path file = Files.writeString(children.folder().resolve(name + ".sh"), script);
        Path log = children.folder().resolve(name + "-console.log");
        Child child = children.start(name, core, true, command(name, file, log, options));
        try {
            String said = child.nextLine(BOOT);
            if (!said.equals(ready)) {
                throw new IOException(name + " says: " + said);
            }
        } catch (IOException e) {
            throw new IOException(
                    e.getMessage() + "; its console ends: " + lastOf(log)
                            + " (an image older than this program is made anew by scripts/guest-image.sh)",
                    e);
        }
        return child;
    }

    private List<String> command(String name, Path script, Path log, List<String> options) {
        List<String> command = new ArrayList<>(qemu);
        command.addAll(List.of(
                "-name",
                name + ",debug-threads=on",
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-no-reboot",
                "-machine",
                "q35,usb=off,vmport=off,smbus=off",
                "-cpu",
                "max",
                "-accel",
                "tcg",
                "-smp",
                "1",
                "-m",
                MEMORY,
                "-serial",
                "file:" + log,
                "-serial",
                "stdio",
                "-kernel",
                kernel.toString(),
                "-initrd",
                initrd.toString(),
                "-append",
                KERNEL_PARAMETERS,
                "-fw_cfg",
                "name=opt/cipu/test,file=" + script));
        command.addAll(options);
        return command;
    }

    private static String lastOf(Path log) throws IOException {
        List<String> lines = Files.exists(log)
                ? Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
                        .filter(line -> !line.isBlank())
                        .toList()
                : List.of();
        return lines.isEmpty() ? "nothing" : lines.getLast().strip();
    }
}
