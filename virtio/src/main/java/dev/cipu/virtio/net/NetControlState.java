package dev.cipu.virtio.net;

import dev.cipu.virtio.FeatureSet;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a driver has told a network device through its control queue, and what holds before it has. {@code [virtio-1.4 §5.1.6.5]}
 *
 * <p>Owner: the worker that serves the control queue, while any queue is attached; a reset comes from the transport's control
 * thread, when none is. Address and announcement are in the configuration space and may be read, the announcement also asked for,
 * by any thread.
 */
public final class NetControlState {
    /** Bits of {@link #modes}, each 1 shifted by the number of the command that sets it. */
    public static final int PROMISC = 1;

    public static final int ALLMULTI = 1 << 1;
    public static final int ALLUNI = 1 << 2;
    public static final int NOMULTI = 1 << 3;
    public static final int NOUNI = 1 << 4;
    public static final int NOBCAST = 1 << 5;

    private static final int VLANS = 4096;
    private static final FeatureSet OFFLOADS = FeatureSet.of(
            NetFeature.GUEST_CSUM,
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_ECN,
            NetFeature.GUEST_UFO,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6,
            NetFeature.GUEST_UDP_TUNNEL_GSO,
            NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM);

    private final long ownMac;
    private final int pairs;
    private final CallCoalescing coalescing;
    private final long[] vlans = new long[VLANS / Long.SIZE];

    private volatile long mac;
    private volatile boolean announcing;
    private FeatureSet negotiated = FeatureSet.NONE;
    private boolean served;
    private int modes;
    private MacFilter macs = MacFilter.EMPTY;
    private int pairsInUse;
    private @Nullable RssConfig rss;
    private HashConfig hash = HashConfig.NONE;
    private int tunnels;
    private FeatureSet guestOffloads = FeatureSet.NONE;

    NetControlState(byte[] mac, int pairs) {
        long address = 0;
        for (int i = 0; i < mac.length; i++) {
            address |= (mac[i] & 0xffL) << (8 * i);
        }
        ownMac = address;
        this.pairs = pairs;
        coalescing = new CallCoalescing(2 * pairs);
        reset(FeatureSet.NONE);
    }

    /** Back to what holds before the first command. */
    void reset(FeatureSet agreed) {
        negotiated = agreed;
        served = false;
        // The specification names no mode to begin with. Devices that drivers know begin promiscuous, and a front-end
        // that
        // resets the device without its driver's knowledge must not make it deaf.
        modes = has(NetFeature.CTRL_RX) ? PROMISC : 0;
        mac = ownMac;
        macs = MacFilter.EMPTY;
        Arrays.fill(vlans, 0);
        announcing = false;
        pairsInUse = 1;
        rss = null;
        hash = HashConfig.NONE;
        tunnels = 0;
        guestOffloads = agreed.and(OFFLOADS);
        coalescing.reset();
    }

    /** Whether the driver may use a command that belongs to this feature. */
    public boolean has(int feature) {
        return negotiated.has(feature);
    }

    /** Queue pairs of the device. */
    public int pairs() {
        return pairs;
    }

    /** The control queue is served from now on: what this state says counts, until the next reset. */
    public void serve() {
        served = true;
    }

    /**
     * Whether the control queue has been served. A front-end that answers commands itself never hands it over; it steers, filters
     * and enables by its own means.
     */
    public boolean isServed() {
        return served;
    }

    /** Receive modes that are on. */
    public int modes() {
        return modes;
    }

    /** Turns modes on or off. */
    public void mode(int bits, boolean on) {
        modes = on ? modes | bits : modes & ~bits;
    }

    /** The device's address, its first byte lowest. */
    public long mac() {
        return mac;
    }

    public void mac(long address) {
        mac = address;
    }

    public MacFilter macs() {
        return macs;
    }

    public void macs(MacFilter table) {
        macs = table;
    }

    /** Whether frames of this VLAN, 0..4095, are received. */
    public boolean hasVlan(int id) {
        return (vlans[id >> 6] >>> id & 1) != 0;
    }

    public void vlan(int id, boolean on) {
        long bit = 1L << id;
        vlans[id >> 6] = on ? vlans[id >> 6] | bit : vlans[id >> 6] & ~bit;
    }

    /** Whether the driver is asked to announce itself. */
    public boolean isAnnouncing() {
        return announcing;
    }

    public void announcing(boolean asked) {
        announcing = asked;
    }

    /** Pairs that automatic steering may use. */
    public int pairsInUse() {
        return pairsInUse;
    }

    /** Receive-side scaling, or null: the last of the commands that choose says automatic steering, or there was none. */
    public @Nullable RssConfig rss() {
        return rss;
    }

    /** From now on frames are steered by the flows that the driver sends. */
    public void steerAutomatically(int pairCount) {
        pairsInUse = pairCount;
        rss = null;
    }

    /** From now on frames are steered, and hashed, by this. */
    public void steerBy(RssConfig config) {
        rss = config;
        hash = config.hash();
    }

    /** How frames are hashed; not hashed at all where there is no use for it. */
    public HashConfig hash() {
        return hash;
    }

    public void hash(HashConfig config) {
        hash = config;
    }

    /** Tunnels into which hashing looks, bits of {@link NetHash}. */
    public int tunnels() {
        return tunnels;
    }

    public void tunnels(int enabled) {
        tunnels = enabled;
    }

    /** Of the features that say which frames the driver takes, those that hold now. */
    public FeatureSet guestOffloads() {
        return guestOffloads;
    }

    /** What was negotiated, without those of {@link #guestOffloads} that the driver has switched off. */
    public FeatureSet inForce() {
        return negotiated.minus(OFFLOADS).or(guestOffloads);
    }

    /** False if one of them was not negotiated; nothing has changed then. */
    public boolean guestOffloads(FeatureSet wanted) {
        if (!negotiated.and(OFFLOADS).containsAll(wanted)) {
            return false;
        }
        guestOffloads = wanted;
        return true;
    }

    public CallCoalescing coalescing() {
        return coalescing;
    }
}
