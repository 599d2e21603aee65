package dev.cipu.shim.vfio.server;

import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import dev.cipu.virtio.memory.GuestMemory;

/**
 * Memory of the client that the device may use, addresses and bytes unsigned. {@code [vfio-user "VFIO_USER_DMA_MAP"]}
 *
 * @param access what the device may do with it: {@link GuestMemory#READABLE}, {@link GuestMemory#WRITABLE} or both
 * @param fileOffset where it begins in its file, if it has one
 * @param shared whether a file came with it; otherwise its bytes are read and written by messages
 */
record DmaRegion(long address, long size, byte access, long fileOffset, boolean shared) {
    /** What addresses and sizes are multiples of. */
    static final int PAGE = 4096;

    private static final int ACCESS = VfioLayout.MAP_READABLE | VfioLayout.MAP_WRITABLE;

    /** How a region with a file is to be accessed; nothing said means mapped. */
    private static final int WAYS = VfioLayout.MAP_BY_MAPPING | VfioLayout.MAP_BY_FILE;

    /** Reads a region and refuses what cannot be, before anything is computed with it. */
    static DmaRegion read(VfioMessage message) {
        int flags = message.u32(VfioLayout.ARG_FLAGS);
        DmaRegion region = new DmaRegion(
                message.u64(VfioLayout.MAP_ADDRESS),
                message.u64(VfioLayout.MAP_SIZE),
                access(flags),
                message.u64(VfioLayout.MAP_OFFSET),
                message.descriptors().count() != 0);
        if ((flags & ACCESS) == 0 || (flags & ~(ACCESS | WAYS)) != 0) {
            throw new Refusal(region + " with flags 0x" + Integer.toHexString(flags));
        }
        if ((flags & WAYS) != 0 && !region.shared) {
            throw new Refusal(region + " to be accessed by a file that did not come");
        }
        if ((flags & WAYS) == VfioLayout.MAP_BY_FILE) {
            throw new Refusal(ErrorNumber.NOT_SUPPORTED, region + " to be accessed by calls on its file");
        }
        if (region.size <= 0
                || (region.address | region.size) % PAGE != 0
                || Long.compareUnsigned(region.address + region.size - 1, region.address) < 0) {
            throw new Refusal(region + " is empty, wraps or is no whole pages");
        }
        return region;
    }

    private static byte access(int flags) {
        return (byte) (((flags & VfioLayout.MAP_READABLE) != 0 ? GuestMemory.READABLE : 0)
                | ((flags & VfioLayout.MAP_WRITABLE) != 0 ? GuestMemory.WRITABLE : 0));
    }

    boolean isWritable() {
        return (access & GuestMemory.WRITABLE) != 0;
    }

    boolean overlaps(DmaRegion other) {
        return Long.compareUnsigned(address - other.address, other.size) < 0
                || Long.compareUnsigned(other.address - address, size) < 0;
    }

    boolean isAt(long where, long bytes) {
        return address == where && size == bytes;
    }

    @Override
    public String toString() {
        return "DMA region 0x" + Long.toHexString(address) + "+0x" + Long.toHexString(size);
    }
}
