package dev.cipu.virtio;

/** Feature bits that belong to no device type: rings and transports. {@code [virtio-1.4 §6]} */
public final class RingFeature {
    /** Chains may be described in a table of their own. {@code [virtio-1.4 §2.7.5.3]} */
    public static final int INDIRECT_DESC = 28;

    /** Notifications are suppressed by index instead of by flag. {@code [virtio-1.4 §2.7.7]} */
    public static final int EVENT_IDX = 29;

    /** The device follows the standard and not its legacy predecessor. */
    public static final int VERSION_1 = 32;

    /** What the device may access is limited or translated by the platform, as by an IOMMU. */
    public static final int ACCESS_PLATFORM = 33;

    /** Queues are packed instead of split. {@code [virtio-1.4 §2.8]} */
    public static final int RING_PACKED = 34;

    /** The device uses buffers in the order in which the driver made them available. {@code [virtio-1.4 §6]} */
    public static final int IN_ORDER = 35;

    /** Memory accesses are ordered as the platform orders those of its devices. */
    public static final int ORDER_PLATFORM = 36;

    /** The device has virtual functions. */
    public static final int SR_IOV = 37;

    /** A kick says which queue it is for and how far the driver has got. {@code [virtio-1.4 §2.9]} */
    public static final int NOTIFICATION_DATA = 38;

    /** A kick names the queue by a value of the device's choice. {@code [virtio-1.4 §4.1.5.2]} */
    public static final int NOTIF_CONFIG_DATA = 39;

    /** One queue can be reset alone. {@code [virtio-1.4 §2.6.1]} */
    public static final int RING_RESET = 40;

    /** The device has administration queues. {@code [virtio-1.4 §2.13]} */
    public static final int ADMIN_VQ = 41;

    /** The driver can suspend the device. {@code [virtio-1.4 §3.4]} */
    public static final int SUSPEND = 43;

    private RingFeature() {}
}
