package dev.cipu.virtio.net;

import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import java.util.List;

/** A network device as its driver sees it: features and configuration. {@code [virtio-1.4 §5.1]} */
public final class NetDevice extends VirtioDevice {
    public static final int DEVICE_ID = 1;

    /** The limits of {@code [virtio-1.4 §5.1.4.1]}. */
    public static final int MIN_MTU = 68;

    public static final int MAX_MTU = 65535;
    public static final int MAX_PAIRS = 0x8000;

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

    private static final FeatureSet BASE = OFFLOADS.or(FeatureSet.of(
            RingFeature.VERSION_1,
            RingFeature.INDIRECT_DESC,
            RingFeature.EVENT_IDX,
            RingFeature.RING_PACKED,
            RingFeature.IN_ORDER,
            NetFeature.CSUM,
            NetFeature.GUEST_CSUM,
            NetFeature.MTU,
            NetFeature.MAC,
            NetFeature.MRG_RXBUF,
            NetFeature.STATUS));

    private final byte[] mac;
    private final int mtu;
    private final int pairs;
    private volatile boolean linkUp = true;

    /**
     * @param mac 6 bytes, a unicast address
     * @param mtu bytes of the largest packet without its Ethernet header, 68..65535
     * @param pairs pairs of receiveq and transmitq, 1..32768
     */
    public NetDevice(byte[] mac, int mtu, int pairs) {
        super(DEVICE_ID, pairs > 1 ? BASE.with(NetFeature.MQ) : BASE);
        if (mac.length != 6 || (mac[0] & 1) != 0) {
            throw new IllegalArgumentException("a MAC address has 6 bytes and is not a multicast one");
        }
        if (mtu < MIN_MTU || mtu > MAX_MTU) {
            throw new IllegalArgumentException("MTU " + mtu + " is not in " + MIN_MTU + ".." + MAX_MTU);
        }
        if (pairs < 1 || pairs > MAX_PAIRS) {
            throw new IllegalArgumentException(pairs + " queue pairs, not 1.." + MAX_PAIRS);
        }
        this.mac = mac.clone();
        this.mtu = mtu;
        this.pairs = pairs;
    }

    public byte[] mac() {
        return mac.clone();
    }

    public int mtu() {
        return mtu;
    }

    public int pairs() {
        return pairs;
    }

    public void linkUp(boolean up) {
        linkUp = up;
    }

    public boolean linkUp() {
        return linkUp;
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

    /** Queues 2N are receiveqs, 2N+1 transmitqs; the control queue belongs to the front-end. */
    @Override
    public int queueCount() {
        return 2 * pairs;
    }

    @Override
    public int configSize() {
        return NetConfig.BYTES;
    }

    @Override
    protected byte configByte(int offset) {
        return switch (offset) {
            case NetConfig.STATUS -> (byte) (linkUp ? NetConfig.STATUS_LINK_UP : 0);
            case NetConfig.MAX_PAIRS -> (byte) pairs;
            case NetConfig.MAX_PAIRS + 1 -> (byte) (pairs >> 8);
            case NetConfig.MTU -> (byte) mtu;
            case NetConfig.MTU + 1 -> (byte) (mtu >> 8);
            default -> offset < mac.length ? mac[offset] : 0;
        };
    }
}
