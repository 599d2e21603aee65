package dev.cipu.dataplane.net;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;

/**
 * Judges what a driver asks to be done to a frame. Nothing but the flag and the type is taken from its header unless the
 * card's own copy of the frame says the same. Owner: the thread that owns the port.
 */
final class OffloadCheck {
    /** Said of a frame to be dropped. */
    static final long REFUSED = -1;

    /** Segments that a frame may be cut into: those of the shortest TCP data that anybody sends. */
    static final int MAX_SEGMENTS = 2048;

    /** Fragments but the last have a multiple of this. */
    private static final int FRAGMENT_UNIT = 8;

    private final FrameHeaders headers = new FrameHeaders();
    private FeatureSet features = FeatureSet.NONE;
    private boolean checksums;
    private boolean large;
    private int maxFrame;

    /**
     * @param features what device and driver agreed on
     * @param maxFrame bytes of the largest frame that is not to be cut
     */
    void negotiated(FeatureSet features, int maxFrame) {
        this.features = features;
        this.maxFrame = maxFrame;
        checksums = features.has(NetFeature.CSUM);
        large = checksums
                && (features.has(NetFeature.HOST_TSO4)
                        || features.has(NetFeature.HOST_TSO6)
                        || features.has(NetFeature.HOST_UFO)
                        || features.has(NetFeature.HOST_USO));
    }

    /** Whether frames to be cut may come at all. */
    boolean takesLarge() {
        return large;
    }

    /**
     * What the header asks for, as an {@link Offload}, or {@link #REFUSED}. The headers of a frame to be cut are made to
     * agree with its length. {@code [virtio-1.4 §5.1.6.2]}
     *
     * @param first the header's first long
     * @param last its next int
     * @param frame the card's copy
     */
    long judge(long first, int last, long frame, int length) {
        int type = NetHeader.gsoType(first);
        // a frame with nothing but the mark is one without segments: [virtio-1.4 §5.1.4.1]
        if (type != NetHeader.GSO_NONE && !(type == NetHeader.GSO_ECN && features.has(NetFeature.HOST_ECN))) {
            return judgeLarge(first, last, frame, length);
        }
        if (length > maxFrame) {
            return REFUSED;
        }
        // other flags mean nothing from a driver
        if ((NetHeader.flags(first) & NetHeader.FLAG_NEEDS_CSUM) == 0) {
            return Offload.NONE;
        }
        int start = NetHeader.csumStart(first);
        int offset = NetHeader.csumOffset(last);
        // one within the Ethernet header would change addresses that the switch has judged
        return checksums && start >= FrameHeaders.ETHERNET && start + offset + 2 <= length
                ? Offload.checksum(start, offset)
                : REFUSED;
    }

    private long judgeLarge(long first, int last, long frame, int length) {
        int type = NetHeader.gsoType(first) & ~NetHeader.GSO_ECN;
        boolean marked = type != NetHeader.gsoType(first);
        int size = NetHeader.gsoSize(first);
        if (!large
                || !isNegotiated(type, marked)
                || (NetHeader.flags(first) & NetHeader.FLAG_NEEDS_CSUM) == 0
                || size == 0
                || NetHeader.headerLength(first) > length
                || !headers.parse(frame, length)
                || !agrees(type, marked)
                || NetHeader.csumStart(first) != headers.transport
                || NetHeader.csumOffset(last) != headers.checksumOffset()
                || length > headers.largestLength()) {
            return REFUSED;
        }
        return type == NetHeader.GSO_UDP ? fragments(size, frame, length) : segments(type, size, frame, length);
    }

    private boolean isNegotiated(int type, boolean marked) {
        boolean known = switch (type) {
            case NetHeader.GSO_TCPV4 -> features.has(NetFeature.HOST_TSO4);
            case NetHeader.GSO_TCPV6 -> features.has(NetFeature.HOST_TSO6);
            case NetHeader.GSO_UDP -> features.has(NetFeature.HOST_UFO);
            case NetHeader.GSO_UDP_L4 -> features.has(NetFeature.HOST_USO);
            default -> false;
        };
        return known && (!marked || features.has(NetFeature.HOST_ECN));
    }

    private boolean agrees(int type, boolean marked) {
        return switch (type) {
            case NetHeader.GSO_TCPV4 -> headers.tcp && !headers.six;
            case NetHeader.GSO_TCPV6 -> headers.tcp && headers.six;
            default -> !headers.tcp && !marked;
        };
    }

    private long segments(int type, int size, long frame, int length) {
        int flags = headers.tcp ? Be.u8(frame + headers.transport + FrameHeaders.TCP_FLAGS) : 0;
        int payload = length - headers.payload;
        // a connection is opened and broken off by one segment
        if ((flags & (FrameHeaders.SYN | FrameHeaders.RST)) != 0 || tooMany(payload, size)) {
            return REFUSED;
        }
        headers.stateLength(frame, length);
        if (payload <= size) {
            return whole(length);
        }
        // as the frame has it, whether or not the driver said so
        int mark = (flags & FrameHeaders.CWR) != 0 ? NetHeader.GSO_ECN : 0;
        return Offload.large(type | mark, size, headers.transport, headers.checksumOffset());
    }

    private long fragments(int size, long frame, int length) {
        int payload = length - headers.transport;
        if (size < FRAGMENT_UNIT || tooMany(payload, size & -FRAGMENT_UNIT)) {
            return REFUSED;
        }
        headers.stateLength(frame, length);
        return payload <= size
                ? whole(length)
                : Offload.large(NetHeader.GSO_UDP, size, headers.transport, headers.checksumOffset());
    }

    /** For a frame that is one segment: as any other frame. */
    private long whole(int length) {
        return length <= maxFrame ? Offload.checksum(headers.transport, headers.checksumOffset()) : REFUSED;
    }

    private static boolean tooMany(int payload, int size) {
        return payload > MAX_SEGMENTS * size;
    }
}
