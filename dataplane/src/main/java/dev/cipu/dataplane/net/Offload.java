package dev.cipu.dataplane.net;

import dev.cipu.virtio.net.NetHeader;

/**
 * What is still to be done to a frame, in one long: nothing, or a checksum to complete. It is made of the part of the
 * virtio-net header that was checked, so nothing that a driver wrote into other fields travels on.
 *
 * <pre>
 * 0 FLAG_NEEDS_CSUM:16   16 csum_start:16   32 csum_offset:16
 * </pre>
 */
public final class Offload {
    /** The frame is complete. */
    public static final long NONE = 0;

    private Offload() {}

    /** The checksum of the bytes from {@code start} on is missing at {@code start + offset}. */
    static long checksum(int start, int offset) {
        return (long) offset << 32 | (long) start << 16 | NetHeader.FLAG_NEEDS_CSUM;
    }

    static int csumStart(long offload) {
        return (int) (offload >>> 16) & 0xffff;
    }

    static int csumOffset(long offload) {
        return (int) (offload >>> 32) & 0xffff;
    }
}
