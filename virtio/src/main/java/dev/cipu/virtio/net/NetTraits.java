package dev.cipu.virtio.net;

/**
 * What one network device is like, apart from its address. {@code [virtio-1.4 §5.1.4]}
 *
 * @param mtu bytes of the largest packet without its Ethernet header, 68..65535
 * @param pairs pairs of receiveq and transmitq, 1..32768
 * @param speed Mbit/s, or {@link #UNKNOWN_SPEED}
 * @param duplex {@link #HALF_DUPLEX}, {@link #FULL_DUPLEX} or {@link #UNKNOWN_DUPLEX}
 * @param standby whether the device stands by for another one with the same address
 */
public record NetTraits(int mtu, int pairs, int speed, int duplex, boolean standby) {
    /** The limits of {@code [virtio-1.4 §5.1.4.1]}. */
    public static final int MIN_MTU = 68;

    public static final int MAX_MTU = 65535;
    public static final int MAX_PAIRS = 0x8000;

    public static final int UNKNOWN_SPEED = -1;

    /**
     * The fields' description and the demand on the device disagree about 0 and 1; these are the description's, and what drivers
     * take them for.
     */
    public static final int HALF_DUPLEX = 0;

    public static final int FULL_DUPLEX = 1;
    public static final int UNKNOWN_DUPLEX = 0xff;

    public NetTraits {
        if (mtu < MIN_MTU || mtu > MAX_MTU) {
            throw new IllegalArgumentException("MTU " + mtu + " is not in " + MIN_MTU + ".." + MAX_MTU);
        }
        if (pairs < 1 || pairs > MAX_PAIRS) {
            throw new IllegalArgumentException(pairs + " queue pairs, not 1.." + MAX_PAIRS);
        }
        if (speed < UNKNOWN_SPEED) {
            throw new IllegalArgumentException("speed " + speed + " is not in 0..2147483647");
        }
        if (duplex != HALF_DUPLEX && duplex != FULL_DUPLEX && duplex != UNKNOWN_DUPLEX) {
            throw new IllegalArgumentException("duplex " + duplex);
        }
    }

    /** A device that offers all it can and says nothing of its speed. */
    public static NetTraits of(int mtu, int pairs) {
        return new NetTraits(mtu, pairs, UNKNOWN_SPEED, UNKNOWN_DUPLEX, false);
    }

    public NetTraits withSpeed(int megabits, int duplexMode) {
        return new NetTraits(mtu, pairs, megabits, duplexMode, standby);
    }

    public NetTraits withStandby(boolean on) {
        return new NetTraits(mtu, pairs, speed, duplex, on);
    }
}
