package dev.cipu.virtio.net;

import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import java.util.List;

/** A network device as its driver sees it: features and configuration. {@code [virtio-1.4 §5.1]} */
public final class NetDevice extends VirtioDevice {
    public static final int DEVICE_ID = 1;

    public static final int MIN_MTU = NetTraits.MIN_MTU;

    /** Work on large frames that either side leaves to the other. */
    private static final FeatureSet OFFLOADS = FeatureSet.of(
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_ECN,
            NetFeature.GUEST_UFO,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6,
            NetFeature.HOST_TSO4,
            NetFeature.HOST_TSO6,
            NetFeature.HOST_ECN,
            NetFeature.HOST_UFO,
            NetFeature.HOST_USO,
            NetFeature.GUEST_HDRLEN,
            NetFeature.RSC_EXT);

    /** All that this device can do; what depends on its traits is taken out again. */
    private static final FeatureSet BASE = RING_FEATURES
            .or(OFFLOADS)
            .or(FeatureSet.of(
                    RingFeature.IN_ORDER,
                    NetFeature.CSUM,
                    NetFeature.GUEST_CSUM,
                    NetFeature.CTRL_GUEST_OFFLOADS,
                    NetFeature.MTU,
                    NetFeature.MAC,
                    NetFeature.MRG_RXBUF,
                    NetFeature.STATUS,
                    NetFeature.CTRL_VQ,
                    NetFeature.CTRL_RX,
                    NetFeature.CTRL_VLAN,
                    NetFeature.CTRL_RX_EXTRA,
                    NetFeature.GUEST_ANNOUNCE,
                    NetFeature.MQ,
                    NetFeature.CTRL_MAC_ADDR,
                    NetFeature.HASH_TUNNEL,
                    NetFeature.VQ_NOTF_COAL,
                    NetFeature.NOTF_COAL,
                    NetFeature.HASH_REPORT,
                    NetFeature.RSS,
                    NetFeature.STANDBY,
                    NetFeature.SPEED_DUPLEX));

    private static final int CONTROL_ALONE = 2;

    private final byte[] ownMac;
    private final NetTraits traits;
    private final NetControlState control;
    private volatile boolean linkUp = true;

    /**
     * @param mac 6 bytes, a unicast address
     */
    public NetDevice(byte[] mac, NetTraits traits) {
        super(DEVICE_ID, offer(traits));
        if (mac.length != 6 || (mac[0] & 1) != 0) {
            throw new IllegalArgumentException("a MAC address has 6 bytes and is not a multicast one");
        }
        this.ownMac = mac.clone();
        this.traits = traits;
        this.control = new NetControlState(mac, traits.pairs());
    }

    /** A device with nothing particular about it, see {@link NetTraits#of}. */
    public NetDevice(byte[] mac, int mtu, int pairs) {
        this(mac, NetTraits.of(mtu, pairs));
    }

    private static FeatureSet offer(NetTraits traits) {
        FeatureSet offer = traits.pairs() == 1 ? BASE.without(NetFeature.MQ) : BASE;
        if (!traits.standby()) {
            offer = offer.without(NetFeature.STANDBY);
        }
        return offer;
    }

    /** The address that the device was made with; the driver may have set another one since. */
    public byte[] mac() {
        return ownMac.clone();
    }

    public int mtu() {
        return traits.mtu();
    }

    public int pairs() {
        return traits.pairs();
    }

    public NetTraits traits() {
        return traits;
    }

    /** What the driver says through the control queue. */
    public NetControlState control() {
        return control;
    }

    /** The driver learns of it by a change of the configuration, which who calls this reports. */
    public void linkUp(boolean up) {
        linkUp = up;
    }

    public boolean linkUp() {
        return linkUp;
    }

    /**
     * Asks the driver to tell the network where its guest is now, until it says that it has heard. Who calls this reports a change
     * of the configuration. Any thread. {@code [virtio-1.4 §5.1.6.5.4]}
     *
     * @return false if this driver cannot be asked
     */
    public boolean announce() {
        // who answers commands for the driver would not tell us that it has heard
        boolean able = isNegotiated(NetFeature.GUEST_ANNOUNCE) && control.isServed();
        if (able) {
            control.announcing(true);
        }
        return able;
    }

    @Override
    protected List<Feature> deviceFeatures() {
        return NetFeatures.ALL;
    }

    @Override
    protected boolean accepts(FeatureSet wanted) {
        // a front-end that serves the control queue itself may keep that bit to itself, too
        FeatureSet there = wanted.with(NetFeature.CTRL_VQ);
        boolean met = deviceFeatures().stream().allMatch(each -> !wanted.has(each.bit()) || each.isMetBy(there));
        // a legacy driver has a header of 10 bytes, which this device does not speak: [virtio-1.4 §5.1.6.1]
        return met && wanted.has(RingFeature.VERSION_1);
    }

    @Override
    protected void featuresChanged() {
        control.reset(negotiated());
    }

    /** Queues 2N are receiveqs, 2N+1 transmitqs, the last one is for control where that is offered. */
    @Override
    public int queueCount() {
        return 2 * pairs() + (offered().has(NetFeature.CTRL_VQ) ? 1 : 0);
    }

    /** Which queue is for control; -1: the driver has none. {@code [virtio-1.4 §5.1.2]} */
    public int controlQueue() {
        if (!isNegotiated(NetFeature.CTRL_VQ)) {
            return -1;
        }
        // a driver that knows of one pair only looks for it behind that one
        return isNegotiated(NetFeature.MQ) || isNegotiated(NetFeature.RSS) ? 2 * pairs() : CONTROL_ALONE;
    }

    /** Whether this queue is for control: neither a receiveq nor a transmitq. */
    public boolean isControl(int queue) {
        return queue == controlQueue();
    }

    /** How many receiveqs and transmitqs there are for this driver: queues 0 up to this one. */
    public int dataQueues() {
        int last = controlQueue();
        return last < 0 ? 2 * pairs() : last;
    }

    @Override
    public int configSize() {
        return NetConfig.BYTES;
    }

    @Override
    protected byte configByte(int offset) {
        return switch (offset) {
            case NetConfig.STATUS ->
                (byte) ((linkUp ? NetConfig.STATUS_LINK_UP : 0)
                        | (control.isAnnouncing() ? NetConfig.STATUS_ANNOUNCE : 0));
            case NetConfig.MAX_PAIRS, NetConfig.MAX_PAIRS + 1 -> byteOf(pairs(), offset - NetConfig.MAX_PAIRS);
            case NetConfig.MTU, NetConfig.MTU + 1 -> byteOf(mtu(), offset - NetConfig.MTU);
            case NetConfig.SPEED, NetConfig.SPEED + 1, NetConfig.SPEED + 2, NetConfig.SPEED + 3 ->
                byteOf(traits.speed(), offset - NetConfig.SPEED);
            case NetConfig.DUPLEX -> (byte) traits.duplex();
            case NetConfig.RSS_MAX_KEY -> (byte) NetHash.MAX_KEY;
            case NetConfig.RSS_MAX_TABLE -> (byte) NetHash.MAX_TABLE;
            case NetConfig.HASH_TYPES, NetConfig.HASH_TYPES + 1 ->
                byteOf(NetHash.ALL_TYPES, offset - NetConfig.HASH_TYPES);
            case NetConfig.TUNNEL_TYPES, NetConfig.TUNNEL_TYPES + 1 ->
                byteOf(NetHash.ALL_TUNNELS, offset - NetConfig.TUNNEL_TYPES);
            default -> offset < NetConfig.STATUS ? byteOf(control.mac(), offset) : 0;
        };
    }

    private static byte byteOf(long value, int index) {
        return (byte) (value >>> (8 * index));
    }
}
