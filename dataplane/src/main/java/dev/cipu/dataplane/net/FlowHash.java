package dev.cipu.dataplane.net;

import dev.cipu.virtio.net.HashConfig;
import dev.cipu.virtio.net.NetHash;

/**
 * The hash of a frame as its driver wants it. {@code [virtio-1.4 §5.1.6.4.3]} Owner: the thread that owns the port; nothing
 * allocates but {@link #configure}.
 */
final class FlowHash {
    /** A frame without a hash. */
    static final long NONE = NetHash.REPORT_NONE;

    private static final int TCP_MIN = 20;
    private static final int UDP_BYTES = 8;
    private static final int PORTS_BYTES = 4;

    private final IpHeaders headers = new IpHeaders();
    private final TunnelHeaders tunnel = new TunnelHeaders();
    private HashConfig config = HashConfig.NONE;
    private Toeplitz toeplitz = new Toeplitz(new byte[0]);
    private int types;
    private int tunnels;

    /**
     * @param enabledTunnels into which the hash looks, bits of {@link NetHash}
     */
    void configure(HashConfig hash, int enabledTunnels) {
        if (hash != config) {
            config = hash;
            types = hash.types();
            toeplitz = new Toeplitz(hash.key());
        }
        tunnels = enabledTunnels;
    }

    /** Whether some frames are hashed. */
    boolean isOn() {
        return types != 0;
    }

    /**
     * The value of a frame's hash below its report, as the end of the header has it, or {@link #NONE}.
     *
     * @param frame its address
     */
    long of(long frame, int bytes) {
        long end = frame + bytes;
        if (types == 0 || !headers.ethernet(frame, end)) {
            return NONE;
        }
        // a tunnel that holds no IP packet is hashed like what it is outside
        IpHeaders use = tunnels != 0 && tunnel.find(headers, tunnels, end) ? tunnel.inner() : headers;
        boolean tcp = use.protocol == IpHeaders.TCP && use.transport + TCP_MIN <= end;
        boolean udp = use.protocol == IpHeaders.UDP && use.transport + UDP_BYTES <= end;
        if (use.addressBytes == 4) {
            int type = choose(NetHash.TCPV4, tcp, NetHash.UDPV4, udp, NetHash.IPV4);
            return type == 0 ? NONE : hash(type, use, use.source, use.destination);
        }
        if (use.extended) {
            int type = choose(NetHash.TCP_EX, tcp, NetHash.UDP_EX, udp, NetHash.IP_EX);
            if (type != 0) {
                return hash(type, use, use.homeSource, use.homeDestination);
            }
        }
        int type = choose(NetHash.TCPV6, tcp, NetHash.UDPV6, udp, NetHash.IPV6);
        return type == 0 ? NONE : hash(type, use, use.source, use.destination);
    }

    /** The first enabled type that fits, or 0. */
    private int choose(int tcpType, boolean tcp, int udpType, boolean udp, int addresses) {
        if (tcp && (types & tcpType) != 0) {
            return tcpType;
        }
        if (udp && (types & udpType) != 0) {
            return udpType;
        }
        return types & addresses;
    }

    private long hash(int type, IpHeaders use, long source, long destination) {
        int n = use.addressBytes;
        int sum = toeplitz.add(0, 0, source, n);
        sum = toeplitz.add(sum, n, destination, n);
        if ((type & (NetHash.IPV4 | NetHash.IPV6 | NetHash.IP_EX)) == 0) {
            sum = toeplitz.add(sum, 2 * n, use.transport, PORTS_BYTES);
        }
        return (long) NetHash.report(type) << 32 | Integer.toUnsignedLong(sum);
    }
}
