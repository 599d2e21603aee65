package dev.cipu.shim.conform;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.FeatureSet;
import java.util.List;

/** Interrupts without MSI-X: the pin, and the status that says why. {@code [virtio-1.4 §4.1.4.5]} */
final class PciPinChecks {
    private static final int QUEUE = 1;
    private static final int CONFIG = 2;

    private PciPinChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciPinChecks::queue, "PC-041", "PC-042", "PC-043"),
                Check.rough(PciPinChecks::config, "PC-040"));
    }

    private static PciExchange start(PciTrial trial, PciRig rig) {
        rig.usePin();
        return PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
    }

    private static boolean statusBit(PciRig rig) {
        return (rig.config().get(HeaderLayout.STATUS, 2) & HeaderLayout.STATUS_INTERRUPT) != 0;
    }

    private static void queue(PciTrial trial) {
        trial.need(trial.survey().pins() > 0, "there is no pin");
        PciRig rig = trial.ready(FeatureSet.NONE);
        PciExchange exchange = start(trial, rig);
        boolean before = statusBit(rig);
        trial.need(exchange.serve(), "nothing is served");
        boolean came = rig.awaitPin();
        boolean during = statusBit(rig);
        int isr = rig.registers().isr();
        boolean after = statusBit(rig);
        int again = rig.registers().isr();
        trial.check("PC-041", came && (isr & QUEUE) != 0, came ? "ISR " + isr : "no interrupt by the pin");
        trial.check(
                "PC-042",
                !before && during && !after,
                "Interrupt Status " + (before ? 1 : 0) + " before, " + (during ? 1 : 0) + " with the interrupt, "
                        + (after ? 1 : 0) + " once ISR was read");
        trial.check("PC-043", again == 0, "ISR " + isr + ", read again " + again);
        if (again == 0) {
            rig.unmaskPin();
            trial.watch();
            trial.check("PC-042", !rig.takePin(), "the pin is asserted although ISR is 0");
        }
    }

    private static void config(PciTrial trial) {
        trial.need(trial.survey().pins() > 0, "there is no pin");
        PciRig rig = trial.ready(FeatureSet.NONE);
        PciExchange exchange = start(trial, rig);
        exchange.giveBad();
        PciVectorChecks.needsReset(trial, rig);
        trial.need(rig.awaitPin(), "nothing makes the device tell of a change");
        int isr = rig.registers().isr();
        trial.check("PC-040", (isr & CONFIG) != 0, "ISR " + isr + " at a change");
    }
}
