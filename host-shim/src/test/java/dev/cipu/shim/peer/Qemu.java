package dev.cipu.shim.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** QEMU's command line as far as all guests share it: emulation only, memory that a back-end can map, a serial console. */
final class Qemu {
    private Qemu() {}

    /**
     * @param newer QEMU 11 in place of the installed one
     * @param qmp where the control socket will be
     */
    static List<String> command(boolean newer, int processors, Path qmp) {
        List<String> command = new ArrayList<>();
        if (newer) {
            command.add(Peers.newer().toString());
        }
        command.add("qemu-system-x86_64");
        command.addAll(machine("q35,memory-backend=mem,usb=off,vmport=off,smbus=off", "max", processors, qmp));
        return command;
    }

    /** A machine with an Arm processor, in QEMU 11. */
    static List<String> arm64(Path qmp) {
        List<String> command = new ArrayList<>(List.of(Peers.newer().toString(), "qemu-system-aarch64"));
        command.addAll(machine("virt,memory-backend=mem,gic-version=3", "cortex-a57", 1, qmp));
        return command;
    }

    private static List<String> machine(String board, String processor, int processors, Path qmp) {
        return List.of(
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-no-reboot",
                "-machine",
                board,
                "-cpu",
                processor,
                "-accel",
                "tcg",
                "-smp",
                Integer.toString(processors),
                "-m",
                "256M",
                "-object",
                "memory-backend-memfd,id=mem,size=256M,share=on",
                "-serial",
                "stdio",
                "-qmp",
                "unix:" + qmp + ",server=on,wait=off");
    }
}
