package dev.cipu.shim.replay.model;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The flow of a frame as a number: of addresses, protocol and ports where there are any, as far as they were recorded. Frames are
 * untrusted: whatever they say, nothing beyond their end is looked at.
 */
final class FrameFlow {
    private static final int ETHERNET = 14;
    private static final int TAG = 4;
    private static final int TYPE = 12;
    private static final int TYPE_VLAN = 0x8100;
    private static final int TYPE_IPV4 = 0x0800;
    private static final int TYPE_IPV6 = 0x86dd;
    private static final int IPV4 = 20;
    private static final int IPV4_PROTOCOL = 9;
    private static final int IPV4_ADDRESSES = 12;
    private static final int IPV6 = 40;
    private static final int IPV6_PROTOCOL = 6;
    private static final int IPV6_ADDRESSES = 8;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int PORTS = 4;

    /** The longest headers: with a tag, and all options of IPv4. */
    static final int LOOKED_AT = ETHERNET + TAG + 60 + PORTS;

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private FrameFlow() {}

    /**
     * The flow of a frame, not negative.
     *
     * @param frame begins with what was recorded of it
     * @param bytes how many that are; all beyond {@link #LOOKED_AT} may be left away
     * @param queue where it passed: all that is known of a frame of which nothing was recorded
     */
    static int of(MemorySegment frame, int bytes, int queue) {
        if (bytes < ETHERNET) {
            return fold(mix(0, queue));
        }
        int at = type(frame, TYPE) == TYPE_VLAN && bytes >= ETHERNET + TAG ? ETHERNET + TAG : ETHERNET;
        long hash = switch (type(frame, at - 2)) {
            case TYPE_IPV4 -> bytes >= at + IPV4 ? ipv4(frame, bytes, at) : 0;
            case TYPE_IPV6 -> bytes >= at + IPV6 ? ipv6(frame, bytes, at) : 0;
            default -> 0;
        };
        return fold(hash == 0 ? stretch(frame, 0, TYPE, 0) : hash);
    }

    private static long ipv4(MemorySegment frame, int bytes, int at) {
        int headerBytes = (frame.get(ValueLayout.JAVA_BYTE, at) & 0xf) * 4;
        int protocol = frame.get(ValueLayout.JAVA_BYTE, at + IPV4_PROTOCOL);
        long hash = stretch(frame, at + IPV4_ADDRESSES, 8, 4);
        return ports(frame, bytes, at + Math.max(IPV4, headerBytes), protocol, hash);
    }

    private static long ipv6(MemorySegment frame, int bytes, int at) {
        int protocol = frame.get(ValueLayout.JAVA_BYTE, at + IPV6_PROTOCOL);
        return ports(frame, bytes, at + IPV6, protocol, stretch(frame, at + IPV6_ADDRESSES, 32, 6));
    }

    private static long ports(MemorySegment frame, int bytes, int at, int protocol, long hash) {
        long all = mix(hash, protocol);
        boolean has = (protocol == TCP || protocol == UDP) && bytes >= at + PORTS;
        return has ? mix(all, frame.get(Le.INT_UNALIGNED, at)) : all;
    }

    /** Goes over so many bytes, a multiple of four. */
    private static long stretch(MemorySegment frame, int from, int bytes, long seed) {
        long hash = seed;
        for (int i = 0; i < bytes; i += Integer.BYTES) {
            hash = mix(hash, frame.get(Le.INT_UNALIGNED, from + i));
        }
        return hash;
    }

    private static int type(MemorySegment frame, int at) {
        return Short.toUnsignedInt(Short.reverseBytes(frame.get(Le.SHORT_UNALIGNED, at)));
    }

    private static long mix(long hash, int word) {
        long mixed = (hash ^ word) * GOLDEN;
        return mixed ^ (mixed >>> 32);
    }

    private static int fold(long hash) {
        return (int) (hash ^ (hash >>> 32)) & Integer.MAX_VALUE;
    }
}
