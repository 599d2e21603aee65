package dev.cipu.virtio;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Features that somebody else's device offers, by a name, so that ours can be made to look like it. A device offers of a preset what
 * it has.
 *
 * @param name as users write it
 * @param deviceId the device type that it belongs to, or {@link #ANY_DEVICE}
 * @param allowed what a device may offer
 * @param source where the list comes from
 */
public record FeaturePreset(String name, int deviceId, FeatureSet allowed, String source) {
    public static final int ANY_DEVICE = 0;

    private static final int NET = 1;

    /** Everything that we have. */
    public static final FeaturePreset SOFTWARE =
            new FeaturePreset("software", ANY_DEVICE, new FeatureSet(-1, -1), "everything that the card has");

    /** A hardware card's list. Bits by number: this package does not know the device types. */
    public static final FeaturePreset VIRTNET = new FeaturePreset(
            "virtnet",
            NET,
            FeatureSet.of(
                    // CSUM, GUEST_CSUM, CTRL_GUEST_OFFLOADS, MTU, MAC, HOST_TSO4, HOST_TSO6, MRG_RXBUF, STATUS
                    0,
                    1,
                    2,
                    3,
                    5,
                    11,
                    12,
                    15,
                    16,
                    // CTRL_VQ, CTRL_RX, CTRL_VLAN, GUEST_ANNOUNCE, MQ, CTRL_MAC_ADDR
                    17,
                    18,
                    19,
                    21,
                    22,
                    23,
                    // HOST_USO, HASH_REPORT, GUEST_HDRLEN, SPEED_DUPLEX
                    56,
                    57,
                    59,
                    63,
                    RingFeature.VERSION_1,
                    RingFeature.ACCESS_PLATFORM,
                    RingFeature.RING_PACKED,
                    RingFeature.ORDER_PLATFORM,
                    RingFeature.SR_IOV,
                    RingFeature.NOTIFICATION_DATA,
                    RingFeature.RING_RESET,
                    RingFeature.ADMIN_VQ),
            "NVIDIA BlueField Virtio-net v24.07, \"Virtio-net Feature Bits\": all that its controller can offer");

    public static final List<FeaturePreset> ALL = List.of(SOFTWARE, VIRTNET);

    /**
     * The preset of a name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those that there are
     */
    public static FeaturePreset of(String name) {
        return ALL.stream()
                .filter(each -> each.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no preset '" + name + "', only "
                        + ALL.stream().map(FeaturePreset::name).collect(Collectors.joining(" and "))));
    }

    /** Whether a device of this type can have the preset. */
    public boolean fits(int device) {
        return deviceId == ANY_DEVICE || deviceId == device;
    }
}
