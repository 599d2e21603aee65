package dev.cipu.shim.conform;

import dev.cipu.device.pci.Msix;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRegisters;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Vectors: how events are mapped to them, and that they come, or do not. {@code [virtio-1.4 §4.1.5.1]} */
final class PciVectorChecks {
    /** In place of the queue's number, for changes of the configuration. */
    private static final int CONFIG = -1;

    private static final int ALL_TRIED = 16;

    private PciVectorChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciVectorChecks::table, "PC-056", "PC-057", "PC-058"),
                Check.any(PciVectorChecks::mapping, "PC-059", "PC-060", "PC-061", "PC-063"),
                Check.rough(PciVectorChecks::invalid, "PC-064"),
                Check.any(PciVectorChecks::silentQueue, "PC-065"),
                Check.rough(PciVectorChecks::silentConfig, "PC-066"));
    }

    private static void needVectors(PciTrial trial) {
        trial.need(trial.survey().vectors() > 0, "there is no MSI-X");
    }

    private static void table(PciTrial trial) {
        PciRig rig = trial.connect();
        PciRegisters config = rig.config();
        int at = config.find(Msix.ID);
        needVectors(trial);
        trial.need(at != 0, "there is no MSI-X capability");
        int vectors = trial.survey().vectors();
        int shown = (int) (config.get(at + Msix.CONTROL, 2) & (Msix.MOST - 1)) + 1;
        trial.check("PC-056", shown >= 2, shown + " vectors");
        long table = config.get(at + Msix.TABLE, 4);
        int bar = (int) (table & 7);
        long end = (table & ~7L) + (long) shown * Msix.ENTRY_BYTES;
        boolean inside = bar < PciRegisters.BARS && end <= rig.client().regionBytes(bar);
        trial.check(
                "PC-057",
                shown == vectors && inside,
                inside ? "Table Size " + shown + ", the server has " + vectors : "the table ends outside of its BAR");
        trial.skip("PC-058", "what helps performance cannot be seen from outside");
    }

    /** Vectors that are tried: all, or the first and the last ones. */
    private static Set<Integer> tried(int vectors) {
        Set<Integer> some = new TreeSet<>();
        for (int i = 0; i < Math.min(vectors, ALL_TRIED); i++) {
            some.add(i);
        }
        some.add(vectors / 2);
        some.add(vectors - 1);
        return some;
    }

    private static List<Integer> events(PciTrial trial) {
        List<Integer> events = new ArrayList<>(List.of(CONFIG));
        for (int i = 0; i < PciResetChecks.queues(trial); i++) {
            events.add(i);
        }
        return events;
    }

    private static String name(int event) {
        return event == CONFIG ? "the configuration" : "queue " + event;
    }

    private static int map(VirtioRegisters registers, int event, int vector) {
        if (event == CONFIG) {
            registers.common(CommonLayout.CONFIG_VECTOR, vector);
            return registers.common(CommonLayout.CONFIG_VECTOR);
        }
        registers.queue(event, CommonLayout.QUEUE_VECTOR, vector);
        return registers.queue(event, CommonLayout.QUEUE_VECTOR);
    }

    private static void mapping(PciTrial trial) {
        needVectors(trial);
        VirtioRegisters registers = trial.ready(FeatureSet.NONE).registers();
        int mappings = 0;
        for (int event : events(trial)) {
            for (int vector : tried(trial.survey().vectors())) {
                int reads = map(registers, event, vector);
                mappings++;
                if (reads != vector) {
                    String seen = "vector " + vector + " for " + name(event) + " reads " + reads;
                    trial.fail("PC-059", seen);
                    trial.fail(reads == CommonLayout.NO_VECTOR ? "PC-063" : "PC-061", seen);
                }
            }
            int none = map(registers, event, CommonLayout.NO_VECTOR);
            trial.check("PC-060", none == CommonLayout.NO_VECTOR, "unmapped, " + name(event) + " reads " + none);
        }
        trial.pass("PC-061", mappings + " mappings read back");
        trial.pass("PC-063", "none of " + mappings + " mappings failed");
        for (int vector : Set.of(0, trial.survey().vectors() - 1)) {
            Set<Integer> came = delivered(trial, vector);
            if (!came.equals(Set.of(vector))) {
                trial.fail("PC-059", "a queue with vector " + vector + " interrupts with " + came);
            }
        }
        trial.pass("PC-059", "the first and the last vector come");
    }

    /** Which vectors come for a request of a queue with this one. */
    private static Set<Integer> delivered(PciTrial trial, int vector) {
        PciRig rig = trial.ready(FeatureSet.NONE);
        rig.useVectors();
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), vector);
        trial.need(exchange.serve(), "nothing is served");
        Set<Integer> came = new TreeSet<>();
        Pause.until(() -> came.addAll(rig.takeVectors()), trial.peer().timeout());
        trial.watch();
        came.addAll(rig.takeVectors());
        return came;
    }

    private static void invalid(PciTrial trial) {
        needVectors(trial);
        VirtioRegisters registers = trial.ready(FeatureSet.NONE).registers();
        for (int event : events(trial)) {
            map(registers, event, 0);
            int beyond = trial.survey().vectors();
            int reads = map(registers, event, beyond);
            trial.check(
                    "PC-064",
                    reads == CommonLayout.NO_VECTOR,
                    "vector " + beyond + ", which is none, for " + name(event) + " reads " + reads);
        }
    }

    private static void silentQueue(PciTrial trial) {
        needVectors(trial);
        PciRig rig = trial.ready(FeatureSet.NONE);
        rig.useVectors();
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        trial.need(exchange.serve(), "nothing is served");
        trial.watch();
        Set<Integer> came = rig.takeVectors();
        trial.check("PC-065", came.isEmpty(), "vectors that came for a queue without one: " + came);
    }

    private static void silentConfig(PciTrial trial) {
        needVectors(trial);
        Set<Integer> told = broken(trial, 0);
        trial.need(told.contains(0), "nothing makes the device tell of a change");
        Set<Integer> came = broken(trial, CommonLayout.NO_VECTOR);
        trial.check("PC-066", came.isEmpty(), "vectors that came for a configuration without one: " + came);
    }

    /** Which vectors come when the device needs a reset, the only change that every driver can bring about. */
    private static Set<Integer> broken(PciTrial trial, int configVector) {
        PciRig rig = trial.ready(FeatureSet.NONE);
        rig.useVectors();
        rig.registers().common(CommonLayout.CONFIG_VECTOR, configVector);
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        exchange.giveBad();
        needsReset(trial, rig);
        trial.watch();
        return rig.takeVectors();
    }

    /** Waits until the device has noticed. */
    static void needsReset(PciTrial trial, PciRig rig) {
        boolean noticed = Pause.until(
                () -> (rig.status() & DeviceStatus.NEEDS_RESET) != 0,
                trial.peer().timeout());
        trial.need(noticed, "a broken chain does not make the device need a reset");
    }
}
