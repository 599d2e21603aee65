package dev.cipu.shim.conform;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.Structure;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import java.util.List;

/** The window in configuration space through which a driver reaches BARs that it cannot map. {@code [virtio-1.4 §4.1.4.10]} */
final class PciWindowChecks {
    private static final int PATTERN = 0x0102_0300;

    private PciWindowChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(Check.any(PciWindowChecks::window, "PC-053", "PC-054", "PC-055"));
    }

    private static void window(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        List<Structure> all = registers.structures(StructureCapabilities.WINDOW);
        trial.check("PC-053", !all.isEmpty(), all.size() + " windows");
        Structure common = registers.usable(StructureCapabilities.COMMON);
        if (all.isEmpty() || common == null) {
            throw new Skipped("there is nothing to be read through a window");
        }
        for (Structure window : all) {
            Pane pane = new Pane(registers.config(), window.at(), common);
            pane.at(CommonLayout.DEVICE_FEATURE_SELECT, 4);
            pane.set(4, PATTERN);
            long written = Integer.toUnsignedLong(registers.common(CommonLayout.DEVICE_FEATURE_SELECT));
            trial.check(
                    "PC-054",
                    written == PATTERN,
                    "0x" + Integer.toHexString(PATTERN) + " arrives as 0x" + Long.toHexString(written));
            same(trial, pane, registers, CommonLayout.DEVICE_FEATURE_SELECT);
            same(trial, pane, registers, CommonLayout.NUM_QUEUES);
            same(trial, pane, registers, CommonLayout.STATUS);
        }
        trial.pass("PC-055", "registers of 4, 2 and 1 bytes read alike");
    }

    private static void same(PciTrial trial, Pane pane, VirtioRegisters registers, int register) {
        int bytes = CommonLayout.bytes(register);
        if (register == CommonLayout.STATUS) {
            registers.common(CommonLayout.STATUS, 1);
        }
        pane.at(register, bytes);
        long through = pane.get(bytes);
        long direct = registers.common(register);
        if (through != direct) {
            trial.fail(
                    "PC-055",
                    "the register at " + register + " is 0x" + Long.toHexString(direct) + ", through the window 0x"
                            + Long.toHexString(through));
        }
    }

    /** One window onto the common configuration. */
    private record Pane(PciRegisters config, int capability, Structure common) {
        void at(int register, int bytes) {
            config.set(capability + StructureCapabilities.BAR, 1, common.bar());
            config.set(capability + StructureCapabilities.STRUCTURE_OFFSET, 4, common.offset() + register);
            config.set(capability + StructureCapabilities.STRUCTURE_LENGTH, 4, bytes);
        }

        void set(int bytes, long value) {
            config.set(capability + StructureCapabilities.BYTES, bytes, value);
        }

        long get(int bytes) {
            return config.get(capability + StructureCapabilities.BYTES, bytes);
        }
    }
}
