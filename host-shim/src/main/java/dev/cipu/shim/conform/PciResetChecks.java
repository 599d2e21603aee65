package dev.cipu.shim.conform;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.util.List;
import java.util.function.BooleanSupplier;

/** What a reset leaves. {@code [virtio-1.4 §4.1.4.3.1]} */
final class PciResetChecks {
    /** Queues that are looked at. */
    static final int QUEUES = 64;

    private PciResetChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciResetChecks::byStatus, "PC-018", "PC-019", "PC-020", "PC-062"),
                Check.any(PciResetChecks::queueReset, "PC-021"),
                Check.any(PciResetChecks::byCommand, "VF-003"));
    }

    /** The first queues of a function. */
    static int queues(PciTrial trial) {
        return Math.min(trial.survey().queues(), QUEUES);
    }

    private static void byStatus(PciTrial trial) {
        PciRig rig = trial.ready(FeatureSet.NONE);
        VirtioRegisters registers = rig.registers();
        int vector = trial.survey().vectors() > 0 ? 0 : CommonLayout.NO_VECTOR;
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), vector);
        registers.common(CommonLayout.CONFIG_VECTOR, vector);
        boolean enabled = registers.queue(exchange.index(), CommonLayout.QUEUE_ENABLE) == 1;
        boolean served = exchange.serve();
        boolean done = rig.resetDevice();
        trial.check("PC-019", done, "device_status " + rig.status() + " after 0 was written");
        exchange.give();
        trial.watch();
        boolean quiet = !exchange.take(trial.peer().quiet());
        int left = 0;
        int mapped = registers.common(CommonLayout.CONFIG_VECTOR) == CommonLayout.NO_VECTOR ? 0 : 1;
        for (int i = 0; i < queues(trial); i++) {
            left += registers.queue(i, CommonLayout.QUEUE_ENABLE) == 0 ? 0 : 1;
            mapped += registers.queue(i, CommonLayout.QUEUE_VECTOR) == CommonLayout.NO_VECTOR ? 0 : 1;
        }
        trial.check(
                "PC-020",
                enabled && left == 0,
                enabled ? left + " queues are enabled after the reset" : "queue_enable reads 0 after 1 was written");
        trial.check("PC-062", mapped == 0, mapped + " events have a vector after the reset");
        boolean again = rig.tryFeatures(registers.offered().and(PciRig.LEAST));
        trial.check(
                "PC-018",
                served && quiet && again,
                !served
                        ? "nothing is served before the reset"
                        : !quiet
                                ? "a chain is used after the reset"
                                : again
                                        ? "queues stand still, features are agreed on anew"
                                        : "features are refused after the reset");
    }

    private static void queueReset(PciTrial trial) {
        trial.need(trial.offers(RingFeature.RING_RESET), PciQueueChecks.NO_RESET);
        PciRig rig = trial.ready(FeatureSet.of(RingFeature.RING_RESET));
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        rig.registers().queue(exchange.index(), CommonLayout.QUEUE_RESET, 1);
        rig.resetDevice();
        int left = 0;
        for (int i = 0; i < queues(trial); i++) {
            left += rig.registers().queue(i, CommonLayout.QUEUE_RESET) == 0 ? 0 : 1;
        }
        trial.check("PC-021", left == 0, left + " queues have queue_reset set after the reset");
    }

    private static void byCommand(PciTrial trial) {
        PciRig rig = trial.ready(FeatureSet.NONE);
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        trial.need(exchange.serve(), "nothing is served");
        rig.client().reset();
        PciRig.enable(rig.config());
        BooleanSupplier enabled = () -> rig.registers().queue(exchange.index(), CommonLayout.QUEUE_ENABLE) != 0;
        boolean clean = rig.status() == 0 && !enabled.getAsBoolean();
        exchange.give();
        trial.watch();
        boolean quiet = !exchange.take(trial.peer().quiet());
        trial.check(
                "VF-003",
                clean && quiet,
                !clean
                        ? "device_status or queue_enable is left"
                        : quiet ? "all is as after power-on" : "a chain is used after the reset");
    }
}
