package dev.cipu.shim.conform;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.vfio.client.PciRegisters.Capability;
import dev.cipu.shim.vfio.client.Structure;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.RingFeature;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** Capabilities, and where the structures that they name lie. {@code [virtio-1.4 §4.1.4]} */
final class PciStructureChecks {
    private static final int VIRTIO_VENDOR = 0x1af4;

    private PciStructureChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciStructureChecks::lengths, "PC-009", "PC-010"),
                Check.any(PciStructureChecks::order, "PC-011"),
                Check.any(PciStructureChecks::common, "PC-012", "PC-013"),
                Check.any(PciStructureChecks::shortBells, "PC-031", "PC-032", "PC-033", "PC-034"),
                Check.any(PciStructureChecks::longBells, "PC-035", "PC-036", "PC-037", "PC-038"),
                Check.any(trial -> there(trial, "PC-030", StructureCapabilities.NOTIFY), "PC-030"),
                Check.any(trial -> there(trial, "PC-039", StructureCapabilities.ISR), "PC-039"),
                Check.any(PciStructureChecks::device, "PC-044", "PC-045"),
                Check.any(PciStructureChecks::sharedMemory, "PC-046", "PC-047"),
                Check.any(PciStructureChecks::vendorData, "PC-048", "PC-049", "PC-050", "PC-051", "PC-052"));
    }

    private static void lengths(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        List<Capability> all = registers.config().walk().capabilities();
        trial.need(!registers.structures().isEmpty(), "there is no capability of virtio");
        int longer = 0;
        for (Structure each : registers.structures()) {
            int end = each.at() + each.capBytes();
            boolean overlaps = all.stream().anyMatch(other -> other.at() > each.at() && other.at() < end);
            boolean good =
                    each.capBytes() >= each.leastCapBytes() && end <= CapabilityChain.FIRST_EXTENDED && !overlaps;
            trial.check(
                    "PC-009",
                    good,
                    good
                            ? registers.structures().size() + " capabilities"
                            : "cap_len " + each.capBytes() + " of the capability of type " + each.type() + " at 0x"
                                    + Integer.toHexString(each.at()));
            longer += each.capBytes() > each.leastCapBytes() ? 1 : 0;
        }
        trial.pass("PC-010", longer + " capabilities are longer than they must be");
    }

    private static void order(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        int several = 0;
        for (int type = StructureCapabilities.COMMON; type <= StructureCapabilities.DEVICE; type++) {
            List<Structure> all = registers.structures(type);
            several += all.size() > 1 ? 1 : 0;
            boolean bad = all.size() > 1 && !registers.isInside(all.getFirst());
            if (bad) {
                trial.fail("PC-011", "the first structure of type " + type + " cannot be used");
            }
        }
        trial.pass("PC-011", several == 0 ? "one structure of each type" : "the first of each type can be used");
    }

    /** At least one that a driver can use. */
    private static void there(PciTrial trial, String id, int type) {
        VirtioRegisters registers = trial.connect().registers();
        List<Structure> all = registers.structures(type);
        String places = all.stream().map(Structure::place).toList().toString();
        boolean found = registers.usable(type) != null;
        trial.check(id, found, all.isEmpty() ? "there is none" : found ? places : "outside of its BAR: " + places);
    }

    private static void aligned(PciTrial trial, String id, int type) {
        List<Structure> all = trial.connect().registers().structures(type);
        trial.need(!all.isEmpty(), "there is none");
        all.forEach(each -> trial.check(id, each.offset() % 4 == 0, each.place()));
    }

    private static void common(PciTrial trial) {
        there(trial, "PC-013", StructureCapabilities.COMMON);
        aligned(trial, "PC-012", StructureCapabilities.COMMON);
    }

    private static void device(PciTrial trial) {
        there(trial, "PC-044", StructureCapabilities.DEVICE);
        aligned(trial, "PC-045", StructureCapabilities.DEVICE);
    }

    private static void shortBells(PciTrial trial) {
        trial.need(!trial.offers(RingFeature.NOTIFICATION_DATA), "NOTIFICATION_DATA is offered");
        bells(trial, 2, "PC-031", "PC-032", "PC-033", "PC-034");
    }

    private static void longBells(PciTrial trial) {
        trial.need(trial.offers(RingFeature.NOTIFICATION_DATA), "NOTIFICATION_DATA is not offered");
        bells(trial, 4, "PC-036", "PC-035", "PC-037", "PC-038");
    }

    /**
     * Doorbells.
     *
     * @param bytes of one
     */
    private static void bells(
            PciTrial trial, int bytes, String alignment, String multiplier, String length, String each) {
        VirtioRegisters registers = trial.connect().registers();
        List<Structure> all = registers.structures(StructureCapabilities.NOTIFY);
        trial.need(!all.isEmpty(), "there are no doorbells");
        int queues = trial.survey().queues();
        for (Structure bells : all) {
            long step = bells.more();
            trial.check(alignment, bells.offset() % bytes == 0, bells.place());
            boolean good = step == 0 || (Long.bitCount(step) == 1 && step % bytes == 0);
            trial.check(multiplier, good, "multiplier " + step);
            trial.check(length, bells.bytes() >= bytes, "length " + bells.bytes());
            for (int i = 0; i < queues; i++) {
                long end = registers.queue(i, CommonLayout.QUEUE_NOTIFY_OFF) * step + bytes;
                if (bells.bytes() < end) {
                    trial.fail(length, "length " + bells.bytes() + ", too short for queue " + i);
                    trial.fail(each, "the doorbell of queue " + i + " ends at " + end + " of " + bells.bytes());
                    return;
                }
            }
            trial.pass(each, "length " + bells.bytes() + " for " + queues + " queues");
        }
    }

    private static void sharedMemory(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        List<Structure> all = registers.structures(StructureCapabilities.SHARED_MEMORY);
        trial.need(!all.isEmpty(), "there is no shared memory");
        all.forEach(each -> trial.check("PC-046", registers.isInside(each), each.place()));
        long different = all.stream().map(Structure::id).distinct().count();
        trial.check("PC-047", different == all.size(), different + " ids of " + all.size() + " regions");
    }

    /** The vendor's number is where others have bar and id. {@code [virtio-1.4 §4.1.4.8]} */
    private static int vendor(Structure data) {
        return data.bar() | data.id() << 8;
    }

    private static void vendorData(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        List<Structure> all = registers.structures(StructureCapabilities.VENDOR_DATA);
        trial.need(!all.isEmpty(), "there is no vendor data");
        List<String> vendors = all.stream()
                .map(data -> "0x" + Integer.toHexString(vendor(data)))
                .toList();
        trial.pass("PC-048", "vendors " + vendors);
        trial.pass("PC-049", all.size() + " of them");
        demand(trial, "PC-050", all, data -> vendor(data) != VIRTIO_VENDOR, "vendors " + vendors);
        demand(
                trial,
                "PC-051",
                all,
                data -> data.capBytes() % 4 == 0,
                "sizes " + all.stream().map(Structure::capBytes).toList());
        demand(
                trial,
                "PC-052",
                all,
                data -> Arrays.equals(bytes(registers, data), bytes(registers, data)),
                "read twice");
    }

    private static void demand(PciTrial trial, String id, List<Structure> all, Predicate<Structure> met, String seen) {
        trial.check(id, all.stream().allMatch(met), seen);
    }

    private static byte[] bytes(VirtioRegisters registers, Structure data) {
        byte[] all = new byte[data.capBytes()];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) registers.config().get(data.at() + i, 1);
        }
        return all;
    }
}
