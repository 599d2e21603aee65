package dev.cipu.virtio.net;

/** Feature bits of a network device. {@code [virtio-1.4 §5.1.3]} */
public final class NetFeature {
    /** The device takes frames whose checksum is still to be completed. */
    public static final int CSUM = 0;

    /** The driver takes frames whose checksum is still to be completed. */
    public static final int GUEST_CSUM = 1;

    /** The driver can change at run time which offloads it takes. */
    public static final int CTRL_GUEST_OFFLOADS = 2;

    public static final int MTU = 3;
    public static final int MAC = 5;

    /** The driver takes large TCP segments over IPv4. */
    public static final int GUEST_TSO4 = 7;

    public static final int GUEST_TSO6 = 8;

    /** The driver takes large segments with congestion marks. */
    public static final int GUEST_ECN = 9;

    /** The driver takes large UDP datagrams, to be fragmented. */
    public static final int GUEST_UFO = 10;

    /** The device takes large TCP segments over IPv4. */
    public static final int HOST_TSO4 = 11;

    public static final int HOST_TSO6 = 12;
    public static final int HOST_ECN = 13;
    public static final int HOST_UFO = 14;

    /** A received frame may be spread over several buffers. */
    public static final int MRG_RXBUF = 15;

    public static final int STATUS = 16;

    /** There is a control queue. */
    public static final int CTRL_VQ = 17;

    public static final int CTRL_RX = 18;
    public static final int CTRL_VLAN = 19;
    public static final int CTRL_RX_EXTRA = 20;

    /** The device can ask the driver to announce itself. */
    public static final int GUEST_ANNOUNCE = 21;

    /** Several queue pairs. Depends on the control queue, which a vhost-user front-end may keep for itself. */
    public static final int MQ = 22;

    public static final int CTRL_MAC_ADDR = 23;
    public static final int DEVICE_STATS = 50;

    /** Hashes can be computed over the inner headers of tunnelled packets. */
    public static final int HASH_TUNNEL = 51;

    /** Notification coalescing for each queue. */
    public static final int VQ_NOTF_COAL = 52;

    public static final int NOTF_COAL = 53;

    /** The driver takes several UDP datagrams of one flow as one. */
    public static final int GUEST_USO4 = 54;

    public static final int GUEST_USO6 = 55;

    /** The device takes several UDP datagrams of one flow as one. */
    public static final int HOST_USO = 56;

    /** The header of a received frame carries its hash. */
    public static final int HASH_REPORT = 57;

    /** The driver says exactly how long a large frame's headers are. */
    public static final int GUEST_HDRLEN = 59;

    /** Receive-side scaling by a hash and a table. */
    public static final int RSS = 60;

    /** A coalesced frame tells of how many segments and duplicated acknowledgements it is made. */
    public static final int RSC_EXT = 61;

    public static final int STANDBY = 62;
    public static final int SPEED_DUPLEX = 63;
    public static final int RSS_CONTEXT = 64;
    public static final int GUEST_UDP_TUNNEL_GSO = 65;
    public static final int GUEST_UDP_TUNNEL_GSO_CSUM = 66;
    public static final int HOST_UDP_TUNNEL_GSO = 67;
    public static final int HOST_UDP_TUNNEL_GSO_CSUM = 68;
    public static final int OUT_NET_HEADER = 69;
    public static final int IPSEC = 70;

    private NetFeature() {}
}
