package dev.cipu.virtio.net;

import dev.cipu.virtio.Feature;
import java.util.List;

/** The feature bits of a network device, with what they need. {@code [virtio-1.4 §5.1.3, §5.1.3.1]} */
public final class NetFeatures {
    public static final List<Feature> ALL = List.of(
            Feature.of(NetFeature.CSUM, "CSUM"),
            Feature.of(NetFeature.GUEST_CSUM, "GUEST_CSUM"),
            Feature.of(NetFeature.CTRL_GUEST_OFFLOADS, "CTRL_GUEST_OFFLOADS"),
            Feature.of(NetFeature.MTU, "MTU"),
            Feature.of(NetFeature.MAC, "MAC"),
            Feature.of(NetFeature.GUEST_TSO4, "GUEST_TSO4", NetFeature.GUEST_CSUM),
            Feature.of(NetFeature.GUEST_TSO6, "GUEST_TSO6", NetFeature.GUEST_CSUM),
            Feature.of(NetFeature.GUEST_ECN, "GUEST_ECN").oneOf(NetFeature.GUEST_TSO4, NetFeature.GUEST_TSO6),
            Feature.of(NetFeature.GUEST_UFO, "GUEST_UFO", NetFeature.GUEST_CSUM),
            Feature.of(NetFeature.HOST_TSO4, "HOST_TSO4", NetFeature.CSUM),
            Feature.of(NetFeature.HOST_TSO6, "HOST_TSO6", NetFeature.CSUM),
            Feature.of(NetFeature.HOST_ECN, "HOST_ECN").oneOf(NetFeature.HOST_TSO4, NetFeature.HOST_TSO6),
            Feature.of(NetFeature.HOST_UFO, "HOST_UFO", NetFeature.CSUM),
            Feature.of(NetFeature.MRG_RXBUF, "MRG_RXBUF"),
            Feature.of(NetFeature.STATUS, "STATUS"),
            Feature.of(NetFeature.CTRL_VQ, "CTRL_VQ"),
            Feature.of(NetFeature.CTRL_RX, "CTRL_RX", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.CTRL_VLAN, "CTRL_VLAN", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.CTRL_RX_EXTRA, "CTRL_RX_EXTRA", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.GUEST_ANNOUNCE, "GUEST_ANNOUNCE", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.MQ, "MQ", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.CTRL_MAC_ADDR, "CTRL_MAC_ADDR", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.DEVICE_STATS, "DEVICE_STATS", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.HASH_TUNNEL, "HASH_TUNNEL", NetFeature.CTRL_VQ)
                    .oneOf(NetFeature.RSS, NetFeature.HASH_REPORT),
            Feature.of(NetFeature.VQ_NOTF_COAL, "VQ_NOTF_COAL", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.NOTF_COAL, "NOTF_COAL", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.GUEST_USO4, "GUEST_USO4", NetFeature.GUEST_CSUM),
            Feature.of(NetFeature.GUEST_USO6, "GUEST_USO6", NetFeature.GUEST_CSUM),
            Feature.of(NetFeature.HOST_USO, "HOST_USO", NetFeature.CSUM),
            Feature.of(NetFeature.HASH_REPORT, "HASH_REPORT", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.GUEST_HDRLEN, "GUEST_HDRLEN"),
            Feature.of(NetFeature.RSS, "RSS", NetFeature.CTRL_VQ),
            Feature.of(NetFeature.RSC_EXT, "RSC_EXT").oneOf(NetFeature.HOST_TSO4, NetFeature.HOST_TSO6),
            Feature.of(NetFeature.STANDBY, "STANDBY"),
            Feature.of(NetFeature.SPEED_DUPLEX, "SPEED_DUPLEX"),
            Feature.of(NetFeature.RSS_CONTEXT, "RSS_CONTEXT", NetFeature.CTRL_VQ, NetFeature.RSS),
            Feature.of(
                    NetFeature.GUEST_UDP_TUNNEL_GSO,
                    "GUEST_UDP_TUNNEL_GSO",
                    NetFeature.GUEST_TSO4,
                    NetFeature.GUEST_TSO6,
                    NetFeature.GUEST_USO4,
                    NetFeature.GUEST_USO6),
            Feature.of(
                    NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM, "GUEST_UDP_TUNNEL_GSO_CSUM", NetFeature.GUEST_UDP_TUNNEL_GSO),
            Feature.of(
                    NetFeature.HOST_UDP_TUNNEL_GSO,
                    "HOST_UDP_TUNNEL_GSO",
                    NetFeature.HOST_TSO4,
                    NetFeature.HOST_TSO6,
                    NetFeature.HOST_USO),
            Feature.of(NetFeature.HOST_UDP_TUNNEL_GSO_CSUM, "HOST_UDP_TUNNEL_GSO_CSUM", NetFeature.HOST_UDP_TUNNEL_GSO),
            Feature.of(NetFeature.OUT_NET_HEADER, "OUT_NET_HEADER"),
            Feature.of(NetFeature.IPSEC, "IPSEC"));

    private NetFeatures() {}
}
