package dev.cipu.device.virtio;

import dev.cipu.device.pci.Bar;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the structures of a function are. Registers, doorbells and shared memory have BARs of their own, so that a host can map
 * each as it is to be used; the MSI-X table has BAR 1.
 *
 * <pre>
 * BAR 0  0000 common configuration   1000 ISR status   2000 device configuration
 * BAR 2  a doorbell of 32 bits for each queue
 * BAR 4  shared memories, each from a page on
 * </pre>
 */
final class StructureLayout {
    static final int REGISTERS_BAR = 0;
    static final int DOORBELLS_BAR = 2;
    static final int SHARED_BAR = 4;

    static final int PAGE = 4096;
    static final int COMMON = 0;
    static final int ISR = PAGE;
    static final int DEVICE = 2 * PAGE;
    static final int REGISTERS_BYTES = 4 * PAGE;

    /** Bytes from one doorbell to the next: enough for NOTIFICATION_DATA. */
    static final int DOORBELL = 4;

    private StructureLayout() {}

    static long doorbellBytes(int queues) {
        return Bar.room((long) queues * DOORBELL);
    }

    /** Where each memory begins in its BAR; one offset more is the end of all. */
    static long[] offsets(List<SharedMemory> shared) {
        long[] offsets = new long[shared.size() + 1];
        for (int i = 0; i < shared.size(); i++) {
            offsets[i + 1] = offsets[i] + (shared.get(i).bytes().byteSize() + PAGE - 1 & -PAGE);
        }
        return offsets;
    }

    static List<Bar> bars(int queues, List<SharedMemory> shared) {
        List<Bar> bars = new ArrayList<>();
        bars.add(new Bar(REGISTERS_BAR, REGISTERS_BYTES, false, false));
        bars.add(new Bar(DOORBELLS_BAR, doorbellBytes(queues), true, false));
        long memory = offsets(shared)[shared.size()];
        if (memory > 0) {
            bars.add(new Bar(SHARED_BAR, Bar.room(memory), true, true));
        }
        return bars;
    }
}
