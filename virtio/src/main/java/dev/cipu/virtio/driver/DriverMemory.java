package dev.cipu.virtio.driver;

import dev.cipu.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A driver's memory that the device may reach: one contiguous region handed out piece by piece, never taken back. Used
 * at start-up only.
 */
public final class DriverMemory {
    private final MemorySegment segment;
    private final long guestAddress;
    private long used;

    /**
     * @param segment the region
     * @param guestAddress the address under which the device knows its first byte
     */
    public DriverMemory(MemorySegment segment, long guestAddress) {
        this.segment = segment;
        this.guestAddress = guestAddress;
    }

    /**
     * Takes {@code bytes} bytes.
     *
     * @param align a power of two
     * @return their guest address
     * @throws IllegalStateException if the region is used up
     */
    public long allocate(long bytes, long align) {
        long at = (used + align - 1) & -align;
        if (bytes > segment.byteSize() - at) {
            throw new IllegalStateException("driver memory of " + segment.byteSize() + " bytes is used up");
        }
        used = at + bytes;
        return guestAddress + at;
    }

    /** The bytes behind a range of guest addresses. */
    public MemorySegment slice(long address, long bytes) {
        return segment.asSlice(address - guestAddress, bytes);
    }

    /** The whole region. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where a guest address lies in {@link #segment}. */
    public long offset(long address) {
        return address - guestAddress;
    }

    /** The guest address of the region's first byte. */
    public long guestAddress() {
        return guestAddress;
    }

    /** The region as a device in the same process sees it. */
    public GuestMemory asGuestMemory() {
        return GuestMemory.of(List.of(new GuestMemory.Region(guestAddress, guestAddress, segment)));
    }
}
