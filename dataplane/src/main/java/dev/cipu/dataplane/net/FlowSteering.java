package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Automatic receive steering: a frame of a flow goes to the queue pair that the driver last sent a frame of that flow
 * on. {@code [virtio-1.4 §5.1.6.5.5]} Flows are told apart by a hash that is the same in both directions; flows that
 * share a hash share a queue.
 */
final class FlowSteering {
    private static final int SLOTS = 1024;

    private static final int ETHERTYPE = 12;
    private static final int NETWORK = 14;

    /** Ethertypes as a little-endian load sees them. */
    private static final int IPV4 = 0x0008;

    private static final int IPV6 = 0xdd86;

    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int IPV4_MIN = 20;
    private static final int IPV6_BYTES = 40;

    private final char[] pairOfFlow = new char[SLOTS];

    void sent(MemorySegment slab, long frame, int bytes, int pair) {
        pairOfFlow[flow(slab, frame, bytes)] = (char) pair;
    }

    int pairFor(MemorySegment slab, long frame, int bytes) {
        return pairOfFlow[flow(slab, frame, bytes)];
    }

    private static int flow(MemorySegment slab, long frame, int bytes) {
        long at = frame + NETWORK;
        int type = Short.toUnsignedInt(slab.get(Le.SHORT_UNALIGNED, frame + ETHERTYPE));
        long key;
        if (type == IPV4 && bytes >= NETWORK + IPV4_MIN) {
            key = slab.get(Le.INT_UNALIGNED, at + 12) ^ slab.get(Le.INT_UNALIGNED, at + 16);
            int header = (slab.get(ValueLayout.JAVA_BYTE, at) & 15) * 4;
            // only a first fragment carries ports: those go by address alone
            boolean whole = (slab.get(Le.SHORT_UNALIGNED, at + 6) & 0xff3f) == 0;
            if (whole && bytes >= NETWORK + header + 4) {
                key = withPorts(slab, key, slab.get(ValueLayout.JAVA_BYTE, at + 9), at + header);
            }
        } else if (type == IPV6 && bytes >= NETWORK + IPV6_BYTES + 4) {
            key = slab.get(Le.LONG_UNALIGNED, at + 8)
                    ^ slab.get(Le.LONG_UNALIGNED, at + 16)
                    ^ slab.get(Le.LONG_UNALIGNED, at + 24)
                    ^ slab.get(Le.LONG_UNALIGNED, at + 32);
            key = withPorts(slab, key, slab.get(ValueLayout.JAVA_BYTE, at + 6), at + IPV6_BYTES);
        } else {
            // the two MAC addresses, whichever way round
            key = slab.get(Le.LONG_UNALIGNED, frame) ^ slab.get(Le.LONG_UNALIGNED, frame + 6);
            key &= 0xffff_ffff_ffffL;
        }
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> 54);
    }

    private static long withPorts(MemorySegment slab, long key, byte protocol, long transport) {
        if (protocol != TCP && protocol != UDP) {
            return key;
        }
        int ports = slab.get(Le.INT_UNALIGNED, transport);
        return key ^ ((long) ((ports ^ (ports >>> 16)) & 0xffff) << 32);
    }
}
