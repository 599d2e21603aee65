package dev.cipu.device.virtio;

import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.VirtioDevice;

/**
 * Where the structures of a virtio function lie: all in one BAR, each in pages of its own, doorbells last, so that a host can map
 * those alone. {@code [virtio-1.4 §4.1.4]}
 *
 * <pre>
 * BAR 4:  0x0000 common   0x1000 ISR   0x2000 device   0x3000 doorbells, 4 bytes a queue
 * BAR 1:  MSI-X table, pending bits
 * </pre>
 */
final class Structures {
    static final RegionId BAR = RegionId.BAR4;
    static final RegionId VECTORS_BAR = RegionId.BAR1;

    static final int PAGE = 4096;
    static final int COMMON = 0;
    static final int COMMON_BYTES = 64;
    static final int ISR = PAGE;
    static final int ISR_BYTES = 4;
    static final int DEVICE = 2 * PAGE;
    static final int DOORBELLS = 3 * PAGE;

    /** From one queue's doorbell to the next one's: room for a notification with data. {@code [virtio-1.4 §4.1.4.4]} */
    static final int DOORBELL_BYTES = 4;

    private Structures() {}

    /** Whole pages of doorbells. */
    static int doorbellBytes(VirtioDevice device) {
        return (device.queueCount() * DOORBELL_BYTES + PAGE - 1) & -PAGE;
    }

    /** Bytes of the BAR, a power of two. */
    static long barBytes(VirtioDevice device) {
        return Long.highestOneBit(2L * (DOORBELLS + doorbellBytes(device)) - 1);
    }
}
