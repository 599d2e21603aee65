package dev.cipu.virtio;

import java.util.List;

/**
 * What every device type shares: feature negotiation, the status field and the configuration space. Queues are not
 * here; whoever serves them gets them from the transport.
 *
 * <p>Owner: the control thread of the transport that presents the device. Life: as long as the function exists, through
 * any number of resets.
 */
public abstract class VirtioDevice {
    private final int deviceId;
    private FeatureSet offered;
    private FeatureSet negotiated = FeatureSet.NONE;

    /** Whether the features that the driver wrote last cannot be had; FEATURES_OK stays clear as long as that is so. */
    private boolean refused;

    private int status;

    /**
     * @param deviceId the device type. {@code [virtio-1.4 §5]}
     * @param offered what the device honours; must name VERSION_1 and meet the type's dependencies
     */
    protected VirtioDevice(int deviceId, FeatureSet offered) {
        if (!offered.has(RingFeature.VERSION_1)) {
            // [virtio-1.4 §6.2] a device MUST offer VERSION_1
            throw new IllegalArgumentException("a device offers VERSION_1");
        }
        this.deviceId = deviceId;
        this.offered = offered;
    }

    /** The device type: 1 is net, 2 is blk. */
    public final int deviceId() {
        return deviceId;
    }

    /** The features that the device offers. */
    public final FeatureSet offered() {
        return offered;
    }

    /** The feature bits that this type of device can have, with what they need; those of rings are known. */
    protected List<Feature> deviceFeatures() {
        return List.of();
    }

    /**
     * Offers only what is allowed, VERSION_1 in any case. A feature that needs what this takes away goes with it.
     * {@code [virtio-1.4 §2.2.2]} Only before a driver has seen the device.
     */
    public final void restrict(FeatureSet allowed) {
        FeatureSet left = offered.and(allowed.with(RingFeature.VERSION_1));
        FeatureSet before;
        do {
            before = left;
            for (Feature feature : deviceFeatures()) {
                // what was not met before is met by the transport, as a front-end does that has the control queue
                if (left.has(feature.bit()) && feature.isMetBy(offered) && !feature.isMetBy(left)) {
                    left = left.without(feature.bit());
                }
            }
        } while (!left.equals(before));
        offered = left;
    }

    /**
     * Says that the platform translates or limits what the device may access. {@code [virtio-1.4 §6.2]} Only before a driver
     * has seen the device.
     */
    public final void offerAccessPlatform() {
        offered = offered.with(RingFeature.ACCESS_PLATFORM);
    }

    /** How many virtqueues the device has. */
    public abstract int queueCount();

    /** Bytes of the device-specific configuration space. */
    public abstract int configSize();

    /** Byte {@code offset} of the configuration space, 0 <= offset < configSize. */
    protected abstract byte configByte(int offset);

    /** Writes a byte of the configuration space; only called where {@link #configWritable} says so. */
    protected void configByte(int offset, byte value) {
        throw new IllegalStateException("no writable configuration at " + offset);
    }

    /** Whether the driver may write the byte at {@code offset}. */
    protected boolean configWritable(int offset) {
        return false;
    }

    /** Whether the device works with exactly these features, a subset of the offered ones. */
    protected boolean accepts(FeatureSet wanted) {
        return true;
    }

    /** Called after features were negotiated and after a reset. */
    protected void featuresChanged() {}

    /**
     * Reads {@code dst.length} bytes of the configuration space.
     *
     * @throws IllegalArgumentException if the range is not inside the configuration space
     */
    public final void readConfig(int offset, byte[] dst) {
        if (!inConfig(offset, dst.length)) {
            throw new IllegalArgumentException("configuration range " + offset + "+" + dst.length);
        }
        for (int i = 0; i < dst.length; i++) {
            dst[i] = configByte(offset + i);
        }
    }

    /**
     * Writes to the configuration space as the driver would.
     *
     * @return false if the range leaves the space or touches a read-only byte; nothing has changed then
     */
    public final boolean writeConfig(int offset, byte[] src) {
        if (!inConfig(offset, src.length)) {
            return false;
        }
        for (int i = 0; i < src.length; i++) {
            if (!configWritable(offset + i)) {
                return false;
            }
        }
        for (int i = 0; i < src.length; i++) {
            configByte(offset + i, src[i]);
        }
        return true;
    }

    private boolean inConfig(int offset, int length) {
        return offset >= 0 && length >= 0 && offset <= configSize() - length;
    }

    /**
     * The driver accepts {@code wanted}.
     *
     * @return false if a bit was never offered or the device cannot work with this subset; nothing has changed then
     */
    public final boolean negotiate(FeatureSet wanted) {
        refused = !offered.containsAll(wanted) || !accepts(wanted);
        if (refused) {
            return false;
        }
        negotiated = wanted;
        featuresChanged();
        return true;
    }

    /** What the driver accepted, empty before negotiation and after a reset. */
    public final FeatureSet negotiated() {
        return negotiated;
    }

    public final boolean isNegotiated(int bit) {
        return negotiated.has(bit);
    }

    /** The status field, see {@link DeviceStatus}. */
    public final int status() {
        return status;
    }

    /** Writes the status field; 0 resets the device, nothing else clears NEEDS_RESET. {@code [virtio-1.4 §2.1.2]} */
    public final void setStatus(int bits) {
        int written = bits & 0xff;
        if (written == 0) {
            reset();
            return;
        }
        if (refused || !accepts(negotiated)) {
            // [virtio-1.4 §2.2.2] an unacceptable subset leaves FEATURES_OK clear
            written &= ~DeviceStatus.FEATURES_OK;
        }
        status = written | (status & DeviceStatus.NEEDS_RESET);
    }

    /**
     * The device enters a state that only a reset clears.
     *
     * @return whether the transport must now send a configuration change notification. {@code [virtio-1.4 §2.1.2]}
     */
    public final boolean markNeedsReset() {
        boolean tell = (status & (DeviceStatus.DRIVER_OK | DeviceStatus.NEEDS_RESET)) == DeviceStatus.DRIVER_OK;
        status |= DeviceStatus.NEEDS_RESET;
        return tell;
    }

    /** Back to the state after power-on: no features, status 0. {@code [virtio-1.4 §2.4]} */
    public final void reset() {
        status = 0;
        refused = false;
        negotiated = FeatureSet.NONE;
        featuresChanged();
    }
}
