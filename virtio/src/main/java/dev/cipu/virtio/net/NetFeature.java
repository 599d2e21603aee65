package dev.cipu.virtio.net;

/** Feature bits of a network device. {@code [virtio-1.4 §5.1.3]} */
public final class NetFeature {
    /** The device takes frames whose checksum is still to be completed. */
    public static final int CSUM = 0;

    /** The driver takes frames whose checksum is still to be completed. */
    public static final int GUEST_CSUM = 1;

    public static final int MTU = 3;
    public static final int MAC = 5;

    /** A received frame may be spread over several buffers. */
    public static final int MRG_RXBUF = 15;

    public static final int STATUS = 16;

    /** Several queue pairs. Depends on the control queue, which a vhost-user front-end keeps for itself. */
    public static final int MQ = 22;

    private NetFeature() {}
}
