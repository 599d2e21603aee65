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

    /** A function of its own with queues of 1024, on a usual link. */
    public static VirtioPciTraits usual() {
        return builder().build();
    }

    /** What is not said is as {@link #usual}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Gathers the traits of one function. Used by one thread. */
    public static final class Builder {
        private FunctionKind kind = FunctionKind.PHYSICAL;
        private int queueSize = 1024;
        private int vectors = FITTING;
        private int subsystemVendor = VENDOR;
        private int subsystem = USUAL_SUBSYSTEM;
        private PciLink link = PciLink.USUAL;
        private long serial;
        private List<SharedMemory> shared = List.of();
        private List<VendorData> vendorData = List.of();
        private @Nullable VirtualFunctions virtual;

        private Builder() {}

        public Builder kind(FunctionKind kind) {
            this.kind = kind;
            return this;
        }

        public Builder queueSize(int most) {
            queueSize = most;
            return this;
        }

        public Builder vectors(int count) {
            vectors = count;
            return this;
        }

        public Builder subsystem(int vendor, int id) {
            subsystemVendor = vendor;
            subsystem = id;
            return this;
        }

        public Builder link(PciLink link) {
            this.link = link;
            return this;
        }

        public Builder serial(long number) {
            serial = number;
            return this;
        }

        public Builder shared(List<SharedMemory> memories) {
            shared = memories;
            return this;
        }

        public Builder vendorData(List<VendorData> data) {
            vendorData = data;
            return this;
        }

        public Builder virtual(VirtualFunctions functions) {
            virtual = functions;
            return this;
        }

        /** Throws IllegalArgumentException if no function can be like this. */
        public VirtioPciTraits build() {
            return new VirtioPciTraits(
                    kind, queueSize, vectors, subsystemVendor, subsystem, link, serial, shared, vendorData, virtual);
        }
    }
}
