package dev.cipu.virtio;

/** Feature bits that belong to no device type: rings and transports. {@code [virtio-1.4 §6]} */
public final class RingFeature {
    /** Chains may be described in a table of their own. {@code [virtio-1.4 §2.7.5.3]} */
    public static final int INDIRECT_DESC = 28;

    /** Notifications are suppressed by index instead of by flag. {@code [virtio-1.4 §2.7.7]} */
    public static final int EVENT_IDX = 29;

    /** The device follows the standard and not its legacy predecessor. */
    public static final int VERSION_1 = 32;

    /** The device uses buffers in the order in which the driver made them available. {@code [virtio-1.4 §6]} */
    public static final int IN_ORDER = 35;

    private RingFeature() {}
}
