package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.ValueLayout;

/**
 * Where the addresses and the transport header of a frame are. Filled for frame after frame; nothing beyond the frame's end is
 * read, and however a sender stacks headers, a bounded number of them is looked at.
 */
final class IpHeaders {
    /** {@link #protocol} where no transport header can be told: a fragment, an end too early, too many headers. */
    static final int NO_PROTOCOL = -1;

    static final int TCP = 6;
    static final int UDP = 17;

    /** Ethertypes, as a number. */
    static final int ETHERTYPE_IPV4 = 0x0800;

    static final int ETHERTYPE_IPV6 = 0x86dd;
    static final int ETHERTYPE_VLAN = 0x8100;
    private static final int ETHERTYPE_SERVICE_VLAN = 0x88a8;

    private static final int ETHERTYPE = 12;
    private static final int VLAN_BYTES = 4;
    private static final int VLAN_TAGS = 2;

    private static final int IPV4_MIN = 20;

    /** More fragments, or an offset. */
    private static final int IPV4_FRAGMENT = 0x3fff;

    private static final int IPV6_BYTES = 40;
    private static final int IPV6_FRAGMENT = 0xfff9;
    private static final int IPV6_ADDRESS = 16;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int AUTHENTICATION = 51;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int MOBILITY = 135;
    private static final int HOST_IDENTITY = 139;
    private static final int SHIM6 = 140;

    /** Extension headers, and options in one of them, that are looked at. */
    private static final int MOST = 8;

    private static final int HOME_ADDRESS = 0xc9;

    /** Of the routing header that mobile nodes get, which names their home address. */
    private static final int ROUTING_TYPE_2 = 2;

    /** Addresses in {@link HostMemory} of the two network addresses, of {@link #addressBytes} each. */
    long source;

    long destination;

    /** As those, but what IPv6 extension headers name in their place. */
    long homeSource;

    long homeDestination;

    /** 4, 16, or 0: the frame is not IP. */
    int addressBytes;

    /** Whether there are IPv6 extension headers. */
    boolean extended;

    int protocol;

    /** Where the transport header begins, unless {@link #NO_PROTOCOL}. */
    long transport;

    static int u8(long at) {
        return HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    /** Sixteen bits in the network's order. */
    static int u16(long at) {
        return Short.toUnsignedInt(Short.reverseBytes(HostMemory.ALL.get(Le.SHORT_UNALIGNED, at)));
    }

    /** Looks at a frame that begins with an Ethernet header; false if it is not IP. */
    boolean ethernet(long frame, long end) {
        long at = frame + ETHERTYPE;
        for (int tags = 0; at + 2 <= end; tags++) {
            int type = u16(at);
            if (tags == VLAN_TAGS || (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN)) {
                return network(type, at + 2, end);
            }
            at += VLAN_BYTES;
        }
        addressBytes = 0;
        return false;
    }

    /** Looks at what an Ethertype announces; false if it is not IP. */
    boolean network(int ethertype, long at, long end) {
        addressBytes = 0;
        extended = false;
        protocol = NO_PROTOCOL;
        if (ethertype == ETHERTYPE_IPV4) {
            ipv4(at, end);
        } else if (ethertype == ETHERTYPE_IPV6) {
            ipv6(at, end);
        }
        return addressBytes != 0;
    }

    private void ipv4(long at, long end) {
        if (at + IPV4_MIN > end || u8(at) >> 4 != 4) {
            return;
        }
        int header = (u8(at) & 15) * 4;
        if (header < IPV4_MIN || at + header > end) {
            return;
        }
        addressBytes = 4;
        source = at + 12;
        destination = at + 16;
        if ((u16(at + 6) & IPV4_FRAGMENT) == 0) {
            protocol = u8(at + 9);
            transport = at + header;
        }
    }

    private void ipv6(long at, long end) {
        if (at + IPV6_BYTES > end || u8(at) >> 4 != 6) {
            return;
        }
        addressBytes = IPV6_ADDRESS;
        source = at + 8;
        destination = at + 24;
        homeSource = source;
        homeDestination = destination;
        int next = u8(at + 6);
        long header = at + IPV6_BYTES;
        for (int i = 0; i < MOST; i++) {
            if (!isExtension(next)) {
                protocol = next;
                transport = header;
                return;
            }
            extended = true;
            if (header + 8 > end) {
                return;
            }
            int bytes = extensionBytes(next, header);
            if (header + bytes > end || (next == FRAGMENT && (u16(header + 2) & IPV6_FRAGMENT) != 0)) {
                return;
            }
            if (next == DESTINATION_OPTIONS) {
                findHomeAddress(header + 2, header + bytes);
            } else if (next == ROUTING && u8(header + 2) == ROUTING_TYPE_2 && bytes == 8 + IPV6_ADDRESS) {
                homeDestination = header + 8;
            }
            next = u8(header);
            header += bytes;
        }
    }

    private static boolean isExtension(int header) {
        return switch (header) {
            case HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY, HOST_IDENTITY, SHIM6 ->
                true;
            default -> false;
        };
    }

    private static int extensionBytes(int header, long at) {
        return switch (header) {
            case FRAGMENT -> 8;
            case AUTHENTICATION -> (u8(at + 1) + 2) * 4;
            default -> (u8(at + 1) + 1) * 8;
        };
    }

    private void findHomeAddress(long options, long end) {
        long at = options;
        for (int i = 0; i < MOST && at + 2 <= end; i++) {
            int type = u8(at);
            int bytes = type == 0 ? 1 : 2 + u8(at + 1);
            if (type == HOME_ADDRESS && bytes == 2 + IPV6_ADDRESS && at + bytes <= end) {
                homeSource = at + 2;
                return;
            }
            at += bytes;
        }
    }
}
