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
        command.addAll(List.of(
                "qemu-system-x86_64",
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-no-reboot",
                "-machine",
                "q35,memory-backend=mem,usb=off,vmport=off,smbus=off",
                "-cpu",
                "max",
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
                "unix:" + qmp + ",server=on,wait=off"));
        return command;
    }
}
