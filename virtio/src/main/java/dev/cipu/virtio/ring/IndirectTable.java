package dev.cipu.virtio.ring;

import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Finds the table that an indirect descriptor points to. It says where the table is instead of making a slice of it:
 * nothing is allocated, whatever the compiler inlines. Owner: the thread that owns the queue.
 */
final class IndirectTable {
    private static final int DESCRIPTOR_BYTES = SplitLayout.DESCRIPTOR_BYTES;

    private final int limit;

    /** A table that lies across regions is brought together here. */
    private @Nullable MemorySegment scratch;

    private long base;
    private int entries;

    /**
     * @param queueSize descriptors of the queue; a table may have as many, or {@link Virtqueue#MAX_INDIRECT}
     */
    IndirectTable(int queueSize) {
        limit = Math.max(queueSize, Virtqueue.MAX_INDIRECT);
    }

    /**
     * Finds a table.
     *
     * @param bytes unsigned 32-bit
     * @throws VirtqueueViolation if it has no possible size or is not in memory
     */
    void locate(GuestMemory memory, long guestAddress, long bytes) {
        long count = bytes / DESCRIPTOR_BYTES;
        if (count == 0 || bytes % DESCRIPTOR_BYTES != 0 || count > limit) {
            throw new VirtqueueViolation(Violation.INDIRECT_SIZE);
        }
        entries = (int) count;
        int region = memory.regionOf(guestAddress);
        long offset = region < 0 ? 0 : guestAddress - memory.base(region);
        if (region >= 0 && bytes <= memory.size(region) - offset && memory.permits(region, false)) {
            base = memory.host(region) + offset;
        } else {
            base = gather(memory, guestAddress, (int) bytes).address();
        }
    }

    /** Where entry {@code index} begins in {@link HostMemory}. */
    long at(int index) {
        return base + (long) index * DESCRIPTOR_BYTES;
    }

    int entries() {
        return entries;
    }

    /** A table that lies across regions, in private memory. */
    private MemorySegment gather(GuestMemory memory, long guestAddress, int bytes) {
        MemorySegment copy = scratch;
        if (copy == null) {
            copy = Arena.ofAuto().allocate((long) limit * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
            scratch = copy;
        }
        long address = guestAddress;
        int done = 0;
        while (done < bytes) {
            int region = memory.regionOf(address);
            if (region < 0) {
                throw Chain.unmapped(memory, address, false);
            }
            if (!memory.permits(region, false)) {
                throw VirtqueueViolation.denied(address, false);
            }
            long offset = address - memory.base(region);
            int n = (int) Math.min(bytes - done, memory.size(region) - offset);
            MemorySegment.copy(HostMemory.ALL, memory.host(region) + offset, copy, done, n);
            done += n;
            address += n;
            if (done < bytes && address == 0) {
                // the table goes on beyond 2^64
                throw new VirtqueueViolation(Violation.ADDRESS_UNMAPPED);
            }
        }
        return copy;
    }
}
