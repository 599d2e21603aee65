package dev.cipu.virtio;

import java.util.List;

/** The feature bits of rings and transports, with what they need. {@code [virtio-1.4 §6]} */
public final class RingFeatures {
    public static final List<Feature> ALL = List.of(
            Feature.of(RingFeature.INDIRECT_DESC, "INDIRECT_DESC"),
            Feature.of(RingFeature.EVENT_IDX, "EVENT_IDX"),
            Feature.of(RingFeature.VERSION_1, "VERSION_1"),
            Feature.of(RingFeature.ACCESS_PLATFORM, "ACCESS_PLATFORM"),
            Feature.of(RingFeature.RING_PACKED, "RING_PACKED"),
            Feature.of(RingFeature.IN_ORDER, "IN_ORDER"),
            Feature.of(RingFeature.ORDER_PLATFORM, "ORDER_PLATFORM"),
            Feature.of(RingFeature.SR_IOV, "SR_IOV"),
            Feature.of(RingFeature.NOTIFICATION_DATA, "NOTIFICATION_DATA"),
            Feature.of(RingFeature.NOTIF_CONFIG_DATA, "NOTIF_CONFIG_DATA"),
            Feature.of(RingFeature.RING_RESET, "RING_RESET"),
            Feature.of(RingFeature.ADMIN_VQ, "ADMIN_VQ"),
            Feature.of(RingFeature.SUSPEND, "SUSPEND"));

    private RingFeatures() {}
}
