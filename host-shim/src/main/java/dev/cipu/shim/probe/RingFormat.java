package dev.cipu.shim.probe;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverMemory;
import dev.cipu.virtio.driver.SplitDriver;

/** How rings are laid out, and what makes the driver's half of one. */
public enum RingFormat {
    SPLIT {
        @Override
        public FeatureSet features() {
            return FeatureSet.of(RingFeature.VERSION_1);
        }

        @Override
        DriverRing make(DriverMemory memory, int size, FeatureSet negotiated, int indirectEntries) {
            long bytes = SplitDriver.bytes(size, indirectEntries);
            long at = memory.allocate(bytes, ALIGN);
            return new DriverRing.Split(
                    new SplitDriver(memory.slice(at, bytes), at, size, negotiated, indirectEntries));
        }
    };

    private static final long ALIGN = 4096;

    /** The features that choose this format. */
    public abstract FeatureSet features();

    abstract DriverRing make(DriverMemory memory, int size, FeatureSet negotiated, int indirectEntries);
}
