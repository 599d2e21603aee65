package dev.cipu.virtio.net;

/**
 * The configuration space of a network device. {@code [virtio-1.4 §5.1.4]}
 *
 * <pre>
 * 0 mac[6]   6 status:16   8 max_virtqueue_pairs:16   10 mtu:16
 * </pre>
 */
public final class NetConfig {
    public static final int BYTES = 12;

    public static final int MAC = 0;
    public static final int STATUS = 6;
    public static final int MAX_PAIRS = 8;
    public static final int MTU = 10;

    public static final int STATUS_LINK_UP = 1;

    private NetConfig() {}
}
