package dev.cipu.shim.conform;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.PciExpress;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.DeviceStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What any PCI function has, and the numbers by which a driver finds a virtio one. {@code [virtio-1.4 §4.1.2]} */
final class PciHeaderChecks {
    private static final int VENDOR = 0x1af4;
    private static final int MODERN = 0x1040;
    private static final int MODERN_END = 0x107f;
    private static final int HEADER_TYPE = 0x0e;

    /** How long a function may take to come back from its reset. {@code [PCI Express Base 4.0 §6.6.2]} */
    private static final Duration AFTER_RESET = Duration.ofMillis(100);

    private PciHeaderChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciHeaderChecks::header, "PC-001"),
                Check.any(PciHeaderChecks::numbers, "PC-002", "PC-003", "PC-004", "PC-005", "PC-006", "PC-007"));
    }

    private static String hex(long value) {
        return String.format(Locale.ROOT, "0x%04x", value);
    }

    private static void numbers(PciTrial trial) {
        PciRegisters config = trial.connect().config();
        long vendor = config.get(HeaderLayout.VENDOR, 2);
        int device = (int) config.get(HeaderLayout.DEVICE, 2);
        long revision = config.get(HeaderLayout.REVISION, 1);
        long subsystem = config.get(HeaderLayout.SUBSYSTEM, 2);
        DeviceKind kind = trial.survey().kind();
        trial.check("PC-002", vendor == VENDOR, "vendor " + hex(vendor));
        boolean right = PciRig.kindOf(device) == kind;
        trial.check("PC-003", right, "device " + hex(device) + ", a " + kind.word() + " device");
        trial.pass("PC-004", "subsystem " + hex(config.get(HeaderLayout.SUBSYSTEM_VENDOR, 2)) + ":" + hex(subsystem));
        trial.need(!trial.survey().isTransitional(), "the device is a transitional one");
        trial.check("PC-005", device >= MODERN && device <= MODERN_END, "device " + hex(device));
        trial.check("PC-006", revision >= 1, "revision " + revision);
        trial.check("PC-007", subsystem >= 0x40, "subsystem " + hex(subsystem));
    }

    private static void header(PciTrial trial) {
        PciRig rig = trial.connect();
        List<String> faults = new ArrayList<>();
        trial.need(rig.client().isPci(), "the server does not say that this is a PCI function");
        long type = rig.config().get(HEADER_TYPE, 1) & 0x7f;
        if (type != 0) {
            faults.add("a header of type " + type);
        }
        String walk = rig.config().walk().fault();
        if (walk != null) {
            faults.add(walk);
        }
        List<String> bars = bars(rig, faults);
        String reset = functionReset(rig, faults);
        trial.check("PC-001", faults.isEmpty(), faults.isEmpty() ? "BARs " + bars + ", " + reset : faults.toString());
    }

    /** Sizes as the registers show them, which have to be those that the server tells. */
    private static List<String> bars(PciRig rig, List<String> faults) {
        List<String> seen = new ArrayList<>();
        for (int bar = 0; bar < PciRegisters.BARS; bar++) {
            if (rig.config().isUpperHalf(bar)) {
                continue;
            }
            long shown = rig.config().barBytes(bar);
            long told = rig.client().regionBytes(bar);
            if (shown != told || Long.bitCount(shown) > 1) {
                faults.add("BAR " + bar + " of " + told + " bytes shows " + shown);
            }
            if (shown != 0) {
                seen.add(bar + ": " + shown);
            }
        }
        if (rig.client().regionBytes(VfioLayout.REGION_CONFIG) < CapabilityChain.FIRST_EXTENDED) {
            faults.add("a short configuration space");
        }
        return seen;
    }

    /** A function that says it knows the reset has to do it. {@code [PCI Express Base 4.0 §6.6.2]} */
    private static String functionReset(PciRig rig, List<String> faults) {
        PciRegisters config = rig.config();
        int express = config.find(PciExpress.ID);
        boolean known =
                express != 0 && (config.get(express + PciExpress.DEVICE_CAPABILITIES, 4) & PciExpress.RESETTABLE) != 0;
        if (!known || rig.registers().usable(StructureCapabilities.COMMON) == null) {
            return "no function-level reset to be seen";
        }
        rig.status(DeviceStatus.ACKNOWLEDGE);
        int control = express + PciExpress.DEVICE_CONTROL;
        config.set(control, 2, config.get(control, 2) | (PciExpress.INITIATE_RESET << 8));
        Pause.of(AFTER_RESET);
        if ((config.get(HeaderLayout.COMMAND, 2) & HeaderLayout.COMMAND_BUS_MASTER) != 0) {
            faults.add("a function-level reset leaves the command register as it was");
        }
        PciRig.enable(config);
        if (rig.status() != 0) {
            faults.add("a function-level reset leaves device_status at " + rig.status());
        }
        return "function-level reset";
    }
}
