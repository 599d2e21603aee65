package dev.cipu.device.virtio;

import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.PciLink;
import dev.cipu.device.pci.VirtualFunctions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a virtio function is like, apart from its device.
 *
 * @param queueSize the largest size of its queues, a power of two, 2..32768
 * @param vectors of its MSI-X table, 1..2048, or {@link #FITTING}
 * @param subsystem what the environment calls the device, 0x40 or more
 * @param serial of the card
 * @param virtual the virtual functions that it can have, none if null
 */
public record VirtioPciTraits(
        FunctionKind kind,
        int queueSize,
        int vectors,
        int subsystemVendor,
        int subsystem,
        PciLink link,
        long serial,
        List<SharedMemory> shared,
        List<VendorData> vendorData,
        @Nullable VirtualFunctions virtual) {
    /** Of all virtio devices. {@code [virtio-1.4 §4.1.2.1]} */
    public static final int VENDOR = 0x1af4;

    /** A vector for each queue and one for changes. */
    public static final int FITTING = 0;

    private static final int MOST_QUEUE_SIZE = 1 << 15;
    private static final int LEAST_SUBSYSTEM = 0x40;

    /** What other virtio functions say, too. */
    private static final int USUAL_SUBSYSTEM = 0x1100;

    public VirtioPciTraits {
        if (queueSize < 2 || queueSize > MOST_QUEUE_SIZE || Integer.bitCount(queueSize) != 1) {
            throw new IllegalArgumentException("queues of " + queueSize + ", not a power of two in 2..32768");
        }
        if (subsystem < LEAST_SUBSYSTEM || subsystem > 0xffff) {
            throw new IllegalArgumentException("subsystem " + subsystem + " is not in 0x40..0xffff");
        }
        Set<Integer> ids = new HashSet<>();
        for (SharedMemory each : shared) {
            // [virtio-1.4 §4.1.4.7.1] unique for any one device
            if (!ids.add(each.id())) {
                throw new IllegalArgumentException("two shared memories with the id " + each.id());
            }
        }
        shared = List.copyOf(shared);
        vendorData = List.copyOf(vendorData);
    }

    /** A function of its own with queues of 1024, on a link of 16 lanes at 16 GT/s. */
    public static VirtioPciTraits usual() {
        return new VirtioPciTraits(
                FunctionKind.PHYSICAL,
                1024,
                FITTING,
                VENDOR,
                USUAL_SUBSYSTEM,
                new PciLink(4, 16),
                0,
                List.of(),
                List.of(),
                null);
    }

    public VirtioPciTraits withKind(FunctionKind other) {
        return new VirtioPciTraits(
                other, queueSize, vectors, subsystemVendor, subsystem, link, serial, shared, vendorData, virtual);
    }

    public VirtioPciTraits withQueueSize(int most) {
        return new VirtioPciTraits(
                kind, most, vectors, subsystemVendor, subsystem, link, serial, shared, vendorData, virtual);
    }

    public VirtioPciTraits withVectors(int count) {
        return new VirtioPciTraits(
                kind, queueSize, count, subsystemVendor, subsystem, link, serial, shared, vendorData, virtual);
    }

    public VirtioPciTraits withSubsystem(int vendor, int id) {
        return new VirtioPciTraits(kind, queueSize, vectors, vendor, id, link, serial, shared, vendorData, virtual);
    }

    public VirtioPciTraits withLink(PciLink other) {
        return new VirtioPciTraits(
                kind, queueSize, vectors, subsystemVendor, subsystem, other, serial, shared, vendorData, virtual);
    }

    public VirtioPciTraits withSerial(long number) {
        return new VirtioPciTraits(
                kind, queueSize, vectors, subsystemVendor, subsystem, link, number, shared, vendorData, virtual);
    }

    public VirtioPciTraits withShared(List<SharedMemory> memories) {
        return new VirtioPciTraits(
                kind, queueSize, vectors, subsystemVendor, subsystem, link, serial, memories, vendorData, virtual);
    }

    public VirtioPciTraits withVendorData(List<VendorData> data) {
        return new VirtioPciTraits(
                kind, queueSize, vectors, subsystemVendor, subsystem, link, serial, shared, data, virtual);
    }

    public VirtioPciTraits withVirtual(VirtualFunctions functions) {
        return new VirtioPciTraits(
                kind, queueSize, vectors, subsystemVendor, subsystem, link, serial, shared, vendorData, functions);
    }
}
