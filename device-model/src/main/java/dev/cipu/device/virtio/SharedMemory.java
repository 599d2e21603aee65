package dev.cipu.device.virtio;

import java.lang.foreign.MemorySegment;

/**
 * Memory of the device that its driver sees in a BAR. {@code [virtio-1.4 §2.10]}
 *
 * @param id 0..255, what it is to the device's type; no two of a device are the same
 * @param bytes the memory itself
 */
public record SharedMemory(int id, MemorySegment bytes) {
    public SharedMemory {
        if (id < 0 || id > 0xff) {
            throw new IllegalArgumentException("shared memory with the id " + id);
        }
    }
}
