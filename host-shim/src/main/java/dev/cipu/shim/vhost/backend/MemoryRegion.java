package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;

/** A region as the wire describes it, bytes and addresses unsigned. [vhost-user "Memory region description"] */
record MemoryRegion(long guestAddress, long size, long userAddress, long fileOffset) {
    static MemoryRegion read(Message message, int offset) {
        return new MemoryRegion(
                message.u64(offset + MessageLayout.REGION_GUEST),
                message.u64(offset + MessageLayout.REGION_SIZE),
                message.u64(offset + MessageLayout.REGION_USER),
                message.u64(offset + MessageLayout.REGION_OFFSET));
    }

    /** Whether this is the region that {@code other} describes for removal, where the offset does not count. */
    boolean isSamePlace(MemoryRegion other) {
        return guestAddress == other.guestAddress && size == other.size && userAddress == other.userAddress;
    }

    boolean overlaps(MemoryRegion other) {
        return overlap(guestAddress, size, other.guestAddress, other.size)
                || overlap(userAddress, size, other.userAddress, other.size);
    }

    boolean holdsUser(long address) {
        return Long.compareUnsigned(address - userAddress, size) < 0;
    }

    /** Refuses sizes and addresses that cannot be, before anything is computed with them. */
    void check() {
        boolean wraps = Long.compareUnsigned(guestAddress + size - 1, guestAddress) < 0
                || Long.compareUnsigned(userAddress + size - 1, userAddress) < 0;
        if (size <= 0 || fileOffset < 0 || fileOffset > Long.MAX_VALUE - size || wraps) {
            throw new RefusedException("memory region 0x" + Long.toHexString(guestAddress) + "+0x"
                    + Long.toHexString(size) + " is empty or wraps");
        }
    }

    private static boolean overlap(long a, long aSize, long b, long bSize) {
        return Long.compareUnsigned(a - b, bSize) < 0 || Long.compareUnsigned(b - a, aSize) < 0;
    }
}
