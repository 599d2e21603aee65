package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.QueueSetup;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Interrupt;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.Virtqueue;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A queue of {@link CardQueues} that its driver has started. Owned by the function's control thread. */
final class CardRing {
    private static final int[] NONE = {};

    final QueueSetup setup;
    final FeatureSet features;
    final Interrupt interrupt;

    /** While a worker has it. */
    @Nullable
    Virtqueue queue;

    /** Where it stopped, and the heads that were taken and not answered then. */
    int position;

    int[] unanswered = NONE;
    boolean broken;

    /** What stands between the driver's ring and the worker's, where that is another one. */
    @Nullable
    FarRing far;

    CardRing(QueueSetup setup, FeatureSet features, Interrupt interrupt) {
        this.setup = setup;
        this.features = features;
        this.interrupt = interrupt;
        position = format().start();
    }

    RingFormat format() {
        return RingFormat.of(features);
    }

    /** Of the queue that the worker has. */
    RingFormat workersFormat() {
        return far == null ? format() : RingFormat.SPLIT;
    }

    /** Called when the worker has used chains. */
    Interrupt used() {
        return far == null ? interrupt : far.done();
    }

    /** The three parts where the device may do with them what it must, null if they are not all there. */
    MemorySegment @Nullable [] in(GuestMemory memory) {
        RingFormat format = format();
        MemorySegment descriptors =
                part(memory, setup.descriptors(), format.descriptorBytes(setup.size()), format == RingFormat.PACKED);
        MemorySegment driver = part(memory, setup.driver(), format.driverBytes(setup.size()), false);
        MemorySegment device = part(memory, setup.device(), format.deviceBytes(setup.size()), true);
        return descriptors == null || driver == null || device == null
                ? null
                : new MemorySegment[] {descriptors, driver, device};
    }

    private static @Nullable MemorySegment part(GuestMemory memory, long address, long bytes, boolean written) {
        int region = memory.regionOf(address);
        boolean allowed = region >= 0 && memory.permits(region, false) && (!written || memory.permits(region, true));
        return allowed ? memory.guestRange(address, bytes) : null;
    }
}
