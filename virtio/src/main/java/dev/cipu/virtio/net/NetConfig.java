package dev.cipu.virtio.net;

/**
 * The configuration space of a network device. {@code [virtio-1.4 §5.1.4]}
 *
 * <pre>
 *  0 mac[6]   6 status:16   8 max_virtqueue_pairs:16   10 mtu:16   12 speed:32   16 duplex:8   17 rss_max_key_size:8
 * 18 rss_max_indirection_table_length:16   20 supported_hash_types:32   24 supported_tunnel_types:32
 * </pre>
 */
public final class NetConfig {
    public static final int BYTES = 28;

    public static final int MAC = 0;
    public static final int STATUS = 6;
    public static final int MAX_PAIRS = 8;
    public static final int MTU = 10;
    public static final int SPEED = 12;
    public static final int DUPLEX = 16;
    public static final int RSS_MAX_KEY = 17;
    public static final int RSS_MAX_TABLE = 18;
    public static final int HASH_TYPES = 20;
    public static final int TUNNEL_TYPES = 24;

    public static final int STATUS_LINK_UP = 1;

    /** The driver is asked to announce itself. */
    public static final int STATUS_ANNOUNCE = 2;

    private NetConfig() {}
}
