package dev.cipu.virtio.net;

/** What a network device can hash, where it looks for that, and how it says what it has hashed. {@code [virtio-1.4 §5.1.6.4.3]} */
public final class NetHash {
    public static final int IPV4 = 1;
    public static final int TCPV4 = 1 << 1;
    public static final int UDPV4 = 1 << 2;
    public static final int IPV6 = 1 << 3;
    public static final int TCPV6 = 1 << 4;
    public static final int UDPV6 = 1 << 5;

    /** The addresses that IPv6 extension headers name, where there are some. */
    public static final int IP_EX = 1 << 6;

    public static final int TCP_EX = 1 << 7;
    public static final int UDP_EX = 1 << 8;

    /** All of the above: what this device supports. */
    public static final int ALL_TYPES = (1 << 9) - 1;

    public static final int GRE_2784 = 1;
    public static final int GRE_2890 = 1 << 1;
    public static final int GRE_7676 = 1 << 2;
    public static final int GRE_UDP = 1 << 3;
    public static final int VXLAN = 1 << 4;
    public static final int VXLAN_GPE = 1 << 5;
    public static final int GENEVE = 1 << 6;
    public static final int IPIP = 1 << 7;
    public static final int NVGRE = 1 << 8;

    /** All of the above: the tunnels that this device looks into. */
    public static final int ALL_TUNNELS = (1 << 9) - 1;

    /** The report on a frame that was not hashed. */
    public static final int REPORT_NONE = 0;

    /** Bytes of the longest key: 36 bytes can be hashed, with 32 bits of the key for each bit of theirs. */
    public static final int MAX_KEY = 40;

    /** Entries of the longest indirection table. Linux before 6.11 has room for no more. */
    public static final int MAX_TABLE = 128;

    private NetHash() {}

    /** The report on a frame that was hashed as one type. {@code [virtio-1.4 §5.1.6.4.5]} */
    public static int report(int type) {
        return Integer.numberOfTrailingZeros(type) + 1;
    }
}
