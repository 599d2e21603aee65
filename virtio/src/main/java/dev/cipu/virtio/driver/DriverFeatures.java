package dev.cipu.virtio.driver;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.net.NetFeature;

/**
 * What the users of this package may accept: with these features negotiated, the drivers here do their part of what the specification
 * demands of a driver, or hand it to their caller, as the header of a frame.
 */
public final class DriverFeatures {
    public static final FeatureSet RING = FeatureSet.of(
            RingFeature.VERSION_1,
            RingFeature.INDIRECT_DESC,
            RingFeature.EVENT_IDX,
            RingFeature.RING_PACKED,
            RingFeature.IN_ORDER,
            RingFeature.ORDER_PLATFORM,
            RingFeature.NOTIFICATION_DATA,
            RingFeature.NOTIF_CONFIG_DATA,
            RingFeature.RING_RESET,
            RingFeature.SUSPEND);

    public static final FeatureSet NET = FeatureSet.of(
            NetFeature.CSUM,
            NetFeature.GUEST_CSUM,
            NetFeature.MTU,
            NetFeature.MAC,
            NetFeature.MRG_RXBUF,
            NetFeature.STATUS);

    public static final FeatureSet BLK = FeatureSet.of(
            BlkFeature.SEG_MAX,
            BlkFeature.RO,
            BlkFeature.BLK_SIZE,
            BlkFeature.FLUSH,
            BlkFeature.TOPOLOGY,
            BlkFeature.MQ);

    private DriverFeatures() {}
}
