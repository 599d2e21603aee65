package dev.cipu.virtio;

/** Bits of the device status field. {@code [virtio-1.4 §2.1]} */
public final class DeviceStatus {
    public static final int ACKNOWLEDGE = 1;
    public static final int DRIVER = 2;
    public static final int DRIVER_OK = 4;
    public static final int FEATURES_OK = 8;

    /** The driver asks for, and the device shows, suspension. Only where that was negotiated. */
    public static final int SUSPEND = 16;

    public static final int NEEDS_RESET = 64;
    public static final int FAILED = 128;

    private DeviceStatus() {}
}
