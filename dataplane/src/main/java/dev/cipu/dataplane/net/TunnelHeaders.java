package dev.cipu.dataplane.net;

import static dev.cipu.dataplane.net.IpHeaders.u16;
import static dev.cipu.dataplane.net.IpHeaders.u8;

import dev.cipu.virtio.net.NetHash;

/**
 * Finds the packet inside a tunnel's packet, one level deep. {@code [virtio-1.4 §5.1.6.4.4]}
 */
final class TunnelHeaders {
    private static final int IP_IN_IP = 4;
    private static final int GRE = 47;

    private static final int GRE_UDP_PORT = 4754;
    private static final int VXLAN_PORT = 4789;
    private static final int VXLAN_GPE_PORT = 4790;
    private static final int GENEVE_PORT = 6081;

    private static final int UDP_BYTES = 8;
    private static final int VXLAN_BYTES = 8;
    private static final int VXLAN_HAS_ID = 0x08;
    private static final int GPE_HAS_PROTOCOL = 0x04;
    private static final int GPE_IPV4 = 1;
    private static final int GPE_IPV6 = 2;
    private static final int GPE_ETHERNET = 3;
    private static final int GENEVE_BYTES = 8;
    private static final int GENEVE_OPTIONS = 0x3f;

    private static final int GRE_BYTES = 4;
    private static final int GRE_CHECKSUM = 0x8000;
    private static final int GRE_KEY = 0x2000;
    private static final int GRE_SEQUENCE = 0x1000;

    /** All that these flags may leave: the routing bit of RFC 1701 and a version make it another protocol. */
    private static final int GRE_OTHER = 0x4007;

    /** An Ethertype that says: a whole Ethernet frame. */
    private static final int BRIDGED = 0x6558;

    private final IpHeaders inner = new IpHeaders();

    /** What {@link #find} found. */
    IpHeaders inner() {
        return inner;
    }

    /**
     * Looks whether a packet is of a tunnel of the enabled types and holds an IP packet, whose headers {@link #inner} then are.
     *
     * @param end of the frame
     */
    boolean find(IpHeaders outer, int enabled, long end) {
        long at = outer.transport;
        return switch (outer.protocol) {
            case IP_IN_IP ->
                (enabled & NetHash.IPIP) != 0
                        && outer.addressBytes == 4
                        && inner.network(IpHeaders.ETHERTYPE_IPV4, at, end);
            case GRE -> gre(outer, enabled & ~NetHash.GRE_UDP, at, end);
            case IpHeaders.UDP -> at + UDP_BYTES <= end && udp(outer, enabled, at, end);
            default -> false;
        };
    }

    private boolean udp(IpHeaders outer, int enabled, long at, long end) {
        long body = at + UDP_BYTES;
        return switch (u16(at + 2)) {
            case VXLAN_PORT ->
                (enabled & NetHash.VXLAN) != 0
                        && body + VXLAN_BYTES <= end
                        && (u8(body) & VXLAN_HAS_ID) != 0
                        && inner.ethernet(body + VXLAN_BYTES, end);
            case VXLAN_GPE_PORT ->
                (enabled & NetHash.VXLAN_GPE) != 0 && body + VXLAN_BYTES <= end && vxlanGpe(body, end);
            case GENEVE_PORT -> (enabled & NetHash.GENEVE) != 0 && body + GENEVE_BYTES <= end && geneve(body, end);
            case GRE_UDP_PORT -> (enabled & NetHash.GRE_UDP) != 0 && gre(outer, NetHash.GRE_UDP, body, end);
            default -> false;
        };
    }

    private boolean vxlanGpe(long at, long end) {
        int next = (u8(at) & GPE_HAS_PROTOCOL) != 0 ? u8(at + 3) : GPE_ETHERNET;
        long body = at + VXLAN_BYTES;
        return switch (next) {
            case GPE_IPV4 -> inner.network(IpHeaders.ETHERTYPE_IPV4, body, end);
            case GPE_IPV6 -> inner.network(IpHeaders.ETHERTYPE_IPV6, body, end);
            case GPE_ETHERNET -> inner.ethernet(body, end);
            default -> false;
        };
    }

    private boolean geneve(long at, long end) {
        int first = u8(at);
        // the version is above the length of the options
        return first <= GENEVE_OPTIONS && payload(u16(at + 2), at + GENEVE_BYTES + 4L * first, end);
    }

    private boolean gre(IpHeaders outer, int enabled, long at, long end) {
        if (at + GRE_BYTES > end) {
            return false;
        }
        int flags = u16(at);
        int type = u16(at + 2);
        if ((flags & GRE_OTHER) != 0 || (greTypes(outer, flags, type) & enabled) == 0) {
            return false;
        }
        // [RFC 2784, RFC 2890] a word for each of checksum, key and sequence number
        int words = Integer.bitCount(flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE));
        return payload(type, at + GRE_BYTES + 4L * words, end);
    }

    /** All types that a GRE header is one of, be it over IP or over UDP. */
    private static int greTypes(IpHeaders outer, int flags, int type) {
        int types = NetHash.GRE_UDP;
        types |= (flags & (GRE_KEY | GRE_SEQUENCE)) == 0 ? NetHash.GRE_2784 : NetHash.GRE_2890;
        if (outer.addressBytes != 4 || type == IpHeaders.ETHERTYPE_IPV6) {
            types |= NetHash.GRE_7676;
        }
        if (type == BRIDGED && (flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)) == GRE_KEY) {
            types |= NetHash.NVGRE;
        }
        return types;
    }

    private boolean payload(int type, long at, long end) {
        return type == BRIDGED ? inner.ethernet(at, end) : inner.network(type, at, end);
    }
}
