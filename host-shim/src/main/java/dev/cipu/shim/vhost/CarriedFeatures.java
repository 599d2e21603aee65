package dev.cipu.shim.vhost;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.net.NetDevice;

/** Which features of a device its driver can have through this protocol. */
public final class CarriedFeatures {
    /** What a kick by eventfd cannot say. */
    private static final FeatureSet BEYOND_KICKS =
            FeatureSet.of(RingFeature.NOTIFICATION_DATA, RingFeature.NOTIF_CONFIG_DATA);

    /**
     * What a driver would use and its front-end not pass on. QEMU, up to 11 at least, lets its guest reset a queue of a network device
     * and tells a vhost-user back-end nothing: that would go on with a ring whose memory the guest has freed, and with the buffers
     * in it. Drivers of disks do not use what they may.
     */
    private static final FeatureSet KEPT_FROM_NETWORKS = FeatureSet.of(RingFeature.RING_RESET);

    private CarriedFeatures() {}

    /** Of what this device offers, what can be offered on the wire. */
    public static FeatureSet of(VirtioDevice device) {
        FeatureSet carried = FeatureSet.ofLow(device.offered().low()).minus(BEYOND_KICKS);
        return device instanceof NetDevice ? carried.minus(KEPT_FROM_NETWORKS) : carried;
    }
}
