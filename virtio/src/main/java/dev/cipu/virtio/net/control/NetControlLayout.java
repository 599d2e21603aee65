package dev.cipu.virtio.net.control;

/**
 * A command of the control queue. {@code [virtio-1.4 §5.1.6.5]}
 *
 * <pre>
 * device reads   0 class:8   1 command:8   2 data[]
 * device writes  data[] (COAL_VQ_GET only)   ack:8
 * </pre>
 */
public final class NetControlLayout {
    public static final int CLASS = 0;
    public static final int COMMAND = 1;
    public static final int DATA = 2;

    public static final int OK = 0;
    public static final int ERR = 1;

    /** Receive modes; data: one byte, 0 or 1. */
    public static final int RX = 0;

    public static final int RX_PROMISC = 0;
    public static final int RX_ALLMULTI = 1;
    public static final int RX_ALLUNI = 2;
    public static final int RX_NOMULTI = 3;
    public static final int RX_NOUNI = 4;
    public static final int RX_NOBCAST = 5;

    /** Addresses. */
    public static final int MAC = 1;

    /** Data: twice {@code entries:32, macs[entries][6]}, first unicast, then multicast. */
    public static final int MAC_TABLE_SET = 0;

    /** Data: 6 bytes. */
    public static final int MAC_ADDR_SET = 1;

    public static final int MAC_BYTES = 6;

    /** VLANs; data: an id of 16 bits. */
    public static final int VLAN = 2;

    public static final int VLAN_ADD = 0;
    public static final int VLAN_DEL = 1;

    public static final int ANNOUNCE = 3;
    public static final int ANNOUNCE_ACK = 0;

    /** Steering and hashing. */
    public static final int MQ = 4;

    /** Data: {@code virtqueue_pairs:16}. */
    public static final int MQ_VQ_PAIRS_SET = 0;

    /**
     * Data, n being {@code indirection_table_mask + 1}:
     *
     * <pre>
     * 0 hash_types:32   4 indirection_table_mask:16   6 unclassified_queue:16   8 indirection_table[n]:16
     * 8+2n max_tx_vq:16   10+2n hash_key_length:8   11+2n hash_key_data[]
     * </pre>
     */
    public static final int MQ_RSS_CONFIG = 1;

    /** Data: {@code hash_types:32, reserved[4]:16, hash_key_length:8, hash_key_data[]}. */
    public static final int MQ_HASH_CONFIG = 2;

    public static final int RSS_TYPES = 0;
    public static final int RSS_MASK = 4;
    public static final int RSS_UNCLASSIFIED = 6;
    public static final int RSS_TABLE = 8;

    /** Bytes of an RSS configuration without its table and its key. */
    public static final int RSS_FIXED = 11;

    public static final int HASH_TYPES = 0;
    public static final int HASH_RESERVED = 4;
    public static final int HASH_KEY_LENGTH = 12;
    public static final int HASH_KEY = 13;

    /** In a queue of an RSS configuration, which is an index halved, must be zero. */
    public static final int RSS_RESERVED = 0x8000;

    /** Data: a set of features of 64 bits. */
    public static final int GUEST_OFFLOADS = 5;

    public static final int GUEST_OFFLOADS_SET = 0;

    /** Of that set: features beyond 63 have bits of their own. */
    public static final int OFFLOAD_UDP_TUNNEL = 46;

    public static final int OFFLOAD_UDP_TUNNEL_CSUM = 47;

    /** Notification coalescing. */
    public static final int COAL = 6;

    /** Data: {@code max_packets:32, max_usecs:32}. */
    public static final int COAL_TX_SET = 0;

    public static final int COAL_RX_SET = 1;

    /** Data: {@code vq_index:16, reserved:16, max_packets:32, max_usecs:32}. */
    public static final int COAL_VQ_SET = 2;

    /** Data: {@code vq_index:16, reserved:16}, then {@code max_packets:32, max_usecs:32}, which the device writes. */
    public static final int COAL_VQ_GET = 3;

    public static final int COAL_QUEUE = 0;
    public static final int COAL_OF_QUEUE = 4;
    public static final int COAL_BYTES = 8;

    /** Hashing of inner headers; data: types of 32 bits. */
    public static final int HASH_TUNNEL = 7;

    public static final int HASH_TUNNEL_SET = 0;

    /**
     * Bytes of the longest command that this device reads: room for some 2700 addresses, and for anything else. A longer one is
     * answered with {@link #ERR}.
     */
    public static final int MAX_BYTES = 1 << 14;

    private NetControlLayout() {}
}
