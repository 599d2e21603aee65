package dev.cipu.shim.conform;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.util.List;

/** Registers of queues. {@code [virtio-1.4 §4.1.4.3.1]} */
final class PciQueueChecks {
    static final String NO_RESET = "RING_RESET is not offered";

    /** Queue numbers end here. */
    private static final int QUEUE_NUMBERS = 0x1_0000;

    private PciQueueChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciQueueChecks::reset, "PC-022", "PC-023", "PC-024", "PC-025"),
                Check.any(PciQueueChecks::unavailable, "PC-026"),
                Check.any(PciQueueChecks::sizes, "PC-027"),
                Check.any(PciQueueChecks::adminQueues, "PC-028", "PC-029"));
    }

    private static void reset(PciTrial trial) {
        trial.need(trial.offers(RingFeature.RING_RESET), NO_RESET);
        PciRig rig = trial.ready(FeatureSet.of(RingFeature.RING_RESET));
        VirtioRegisters registers = rig.registers();
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        int index = exchange.index();
        notResetting(trial, registers, index);
        trial.need(exchange.serve(), "nothing is served");
        registers.queue(index, CommonLayout.QUEUE_RESET, 1);
        int first = registers.queue(index, CommonLayout.QUEUE_RESET);
        boolean over = Pause.until(
                () -> registers.queue(index, CommonLayout.QUEUE_RESET) == 0,
                trial.peer().timeout());
        trial.check("PC-024", first == 0 || first == 1, "queue_reset " + first + " at first");
        boolean disabled = registers.queue(index, CommonLayout.QUEUE_ENABLE) == 0;
        trial.check(
                "PC-025",
                over && disabled,
                over ? "queue_reset 0, queue_enable " + (disabled ? 0 : 1) : "queue_reset never reads 0 again");
        exchange.give();
        boolean quiet = !exchange.take(trial.peer().quiet());
        exchange.restart();
        boolean served = exchange.serve();
        trial.check(
                "PC-023",
                quiet && served,
                !quiet ? "a queue that was reset is served" : served ? "it starts anew" : "it does not start anew");
        notResetting(trial, registers, index);
    }

    private static void notResetting(PciTrial trial, VirtioRegisters registers, int index) {
        int resetting = registers.queue(index, CommonLayout.QUEUE_RESET);
        trial.check("PC-022", resetting == 0, "queue_reset " + resetting + " after queue_enable");
    }

    private static void unavailable(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        int queues = trial.survey().queues();
        if (trial.offers(RingFeature.ADMIN_VQ)) {
            queues = registers.common(CommonLayout.ADMIN_INDEX) + registers.common(CommonLayout.ADMIN_QUEUES);
        }
        for (int beyond : new int[] {queues, queues + 1, QUEUE_NUMBERS / 2, QUEUE_NUMBERS - 1}) {
            if (beyond >= queues && beyond < QUEUE_NUMBERS) {
                int size = registers.queue(beyond, CommonLayout.QUEUE_SIZE);
                trial.check("PC-026", size == 0, "size " + size + " of queue " + beyond);
            }
        }
    }

    private static void sizes(PciTrial trial) {
        PciRig rig = trial.ready(FeatureSet.NONE);
        int largest = 0;
        for (int i = 0; i < PciResetChecks.queues(trial); i++) {
            int size = rig.registers().queue(i, CommonLayout.QUEUE_SIZE);
            largest = Math.max(largest, size);
            if (Integer.bitCount(size) > 1) {
                trial.fail("PC-027", "size " + size + " of queue " + i);
            }
        }
        trial.pass("PC-027", "powers of two up to " + largest);
    }

    private static void adminQueues(PciTrial trial) {
        trial.need(trial.offers(RingFeature.ADMIN_VQ), "ADMIN_VQ is not offered");
        VirtioRegisters registers = trial.connect().registers();
        trial.need(registers.reaches(CommonLayout.ADMIN_QUEUES), "the common configuration ends before");
        int index = registers.common(CommonLayout.ADMIN_INDEX);
        int count = registers.common(CommonLayout.ADMIN_QUEUES);
        trial.check("PC-028", index >= trial.survey().queues(), "admin queues from " + index + " on");
        trial.check("PC-029", count <= QUEUE_NUMBERS - index, count + " admin queues");
    }
}
