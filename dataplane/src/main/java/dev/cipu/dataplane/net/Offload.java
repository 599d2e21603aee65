package dev.cipu.dataplane.net;

import dev.cipu.virtio.net.NetHeader;

/**
 * What is still to be done to a frame, in one long: nothing, a checksum to complete, or to be cut into segments as well.
 * It is made of the part of the virtio-net header that was checked, so nothing that a driver wrote into other fields
 * travels on.
 *
 * <pre>
 * 0 FLAG_NEEDS_CSUM:8   8 gso_type:8   16 csum_start:16   32 csum_offset:16   48 gso_size:16
 * </pre>
 *
 * Of a frame to be cut, csum_start is where its TCP or UDP header begins, and its headers agree with its length.
 */
public final class Offload {
    /** The frame is complete. */
    public static final long NONE = 0;

    private static final long TYPE = 0xff00;

    private Offload() {}

    /** The checksum of the bytes from {@code start} on is missing at {@code start + offset}. */
    static long checksum(int start, int offset) {
        return (long) offset << 32 | (long) start << 16 | NetHeader.FLAG_NEEDS_CSUM;
    }

    /**
     * The frame is to be cut into segments with {@code size} bytes of payload, each with a checksum of its own.
     *
     * @param type as in the header of virtio-net, but not zero
     * @param start where its TCP or UDP header begins
     * @param offset from there to the checksum
     */
    public static long large(int type, int size, int start, int offset) {
        return (long) size << 48 | (long) type << 8 | checksum(start, offset);
    }

    /** Whether the frame is to be cut. */
    static boolean isLarge(long offload) {
        return (offload & TYPE) != 0;
    }

    /** The kind of segments, {@link NetHeader#GSO_ECN} included. */
    static int gsoType(long offload) {
        return (int) (offload >>> 8) & 0xff;
    }

    static int gsoSize(long offload) {
        return (int) (offload >>> 48) & 0xffff;
    }

    static int csumStart(long offload) {
        return (int) (offload >>> 16) & 0xffff;
    }

    static int csumOffset(long offload) {
        return (int) (offload >>> 32) & 0xffff;
    }
}
