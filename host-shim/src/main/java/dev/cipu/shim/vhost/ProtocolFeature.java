package dev.cipu.shim.vhost;

/** Bits of the protocol feature word. [vhost-user "Protocol features"] */
public final class ProtocolFeature {
    public static final long MQ = 1L;
    public static final long LOG_SHMFD = 1L << 1;
    public static final long RARP = 1L << 2;
    public static final long REPLY_ACK = 1L << 3;
    public static final long NET_MTU = 1L << 4;
    public static final long BACKEND_REQ = 1L << 5;
    public static final long CONFIG = 1L << 9;
    public static final long INFLIGHT_SHMFD = 1L << 12;
    public static final long RESET_DEVICE = 1L << 13;
    public static final long CONFIGURE_MEM_SLOTS = 1L << 15;
    public static final long STATUS = 1L << 16;

    /**
     * In the virtio feature word, not the protocol one: there are protocol features. Taken from the bits that virtio
     * reserves for device types, it never reaches the device. [vhost-user "Feature negotiation"]
     */
    public static final long NEGOTIATION = 1L << 30;

    /** In the virtio feature word too, and never the device's: written pages are to be logged. [vhost-user "Migration"] */
    public static final long LOG_ALL = 1L << 26;

    /** The bits of the virtio feature word that do not reach the device. */
    public static final long TRANSPORT = NEGOTIATION | LOG_ALL;

    private ProtocolFeature() {}
}
