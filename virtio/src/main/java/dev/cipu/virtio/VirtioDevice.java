package dev.cipu.virtio;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every device type shares: feature negotiation, the status field and the configuration space. Queues are not
 * here; whoever serves them gets them from the transport.
 *
 * <p>Owner: the control thread of the transport that presents the device. Life: as long as the function exists, through
 * any number of resets.
 */
public abstract class VirtioDevice {
    /** What every device honours on every transport that can carry it. */
    protected static final FeatureSet RING_FEATURES = FeatureSet.of(
            RingFeature.INDIRECT_DESC,
            RingFeature.EVENT_IDX,
            RingFeature.VERSION_1,
            RingFeature.RING_PACKED,
            RingFeature.ORDER_PLATFORM,
            RingFeature.NOTIFICATION_DATA,
            RingFeature.NOTIF_CONFIG_DATA,
            RingFeature.RING_RESET,
            RingFeature.SUSPEND);

    /** Of a device that gives its queues names of its own: the first one's. */
    private static final int NOTIFY_BASE = 0x100;

    private final int deviceId;
    private FeatureSet offered;
    private FeatureSet negotiated = FeatureSet.NONE;

    /** Whether the features that the driver wrote last cannot be had; FEATURES_OK stays clear as long as that is so. */
    private boolean refused;

    private int status;

    /** The configuration space as the driver sees it while the device is suspended. */
    private volatile byte @Nullable [] frozen;

    /** Whether a configuration change waits for the device to resume. */
    private volatile boolean changeWaits;

    /** What a write of the status field asks the transport to do before the device shows it. */
    public enum StatusRequest {
        NOTHING,

        /** To stop all queues, answer what is in process and notify the driver; then to call {@link #suspended}. */
        SUSPEND,

        /** To let the queues go on and to call {@link #resumed}. */
        RESUME
    }

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

    /** What the device offers whatever it is restricted to. */
    protected FeatureSet indispensable() {
        return FeatureSet.NONE;
    }

    /**
     * Offers only what is allowed, VERSION_1 in any case. A feature that needs what this takes away goes with it.
     * {@code [virtio-1.4 §2.2.2]} Only before a driver has seen the device.
     */
    public final void restrict(FeatureSet allowed) {
        FeatureSet left = offered.and(allowed.or(indispensable()).with(RingFeature.VERSION_1));
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

    /**
     * Says that the device has virtual functions, which only those on a PCI bus have. {@code [virtio-1.4 §6.2]} Only before a driver
     * has seen the device.
     */
    public final void offerVirtualFunctions() {
        offered = offered.with(RingFeature.SR_IOV);
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
        byte[] then = frozen;
        for (int i = 0; i < dst.length; i++) {
            dst[i] = then == null ? configByte(offset + i) : then[offset + i];
        }
    }

    /**
     * Writes to the configuration space as the driver would.
     *
     * @return false if the range leaves the space or touches a read-only byte; nothing has changed then. While the device is
     *     suspended nothing changes either. {@code [virtio-1.4 §3.4.2]}
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
        for (int i = 0; i < src.length && frozen == null; i++) {
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

    /** The driver accepts what its transport cannot carry: as {@link #negotiate} with what cannot be had. */
    public final void refuse() {
        refused = true;
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

    /**
     * Writes the status field; 0 resets the device, nothing else clears NEEDS_RESET. {@code [virtio-1.4 §2.1.2]}
     *
     * @return what the transport has to do for it
     */
    public final StatusRequest setStatus(int bits) {
        int written = bits & 0xff;
        if (written == 0) {
            reset();
            return StatusRequest.NOTHING;
        }
        if (isSuspended()) {
            return (written & DeviceStatus.DRIVER_OK) != 0 ? StatusRequest.RESUME : StatusRequest.NOTHING;
        }
        if (refused || !accepts(negotiated)) {
            // [virtio-1.4 §2.2.2] an unacceptable subset leaves FEATURES_OK clear
            written &= ~DeviceStatus.FEATURES_OK;
        }
        // [virtio-1.4 §3.4.2] before the end of initialisation the bit is ignored
        boolean suspend = (written & DeviceStatus.SUSPEND) != 0
                && isNegotiated(RingFeature.SUSPEND)
                && (status & DeviceStatus.DRIVER_OK) != 0;
        status = (written & ~DeviceStatus.SUSPEND) | (status & DeviceStatus.NEEDS_RESET);
        return suspend ? StatusRequest.SUSPEND : StatusRequest.NOTHING;
    }

    /** The queues stand still: the device shows that it is suspended, and its configuration stays as it is now. */
    public final void suspended() {
        byte[] now = new byte[configSize()];
        readConfig(0, now);
        frozen = now;
        status = (status | DeviceStatus.SUSPEND) & ~DeviceStatus.DRIVER_OK;
    }

    /**
     * The device runs again.
     *
     * @return whether the configuration changed meanwhile, so that the driver has to be notified now
     */
    public final boolean resumed() {
        boolean tell = changeWaits;
        frozen = null;
        changeWaits = false;
        status = (status | DeviceStatus.DRIVER_OK) & ~DeviceStatus.SUSPEND;
        return tell;
    }

    /** Whether the driver has suspended the device. {@code [virtio-1.4 §3.4]} */
    public final boolean isSuspended() {
        return frozen != null;
    }

    /** Whether the driver is to be notified of a configuration change now; while the device is suspended that waits. */
    public final boolean mayNotifyOfChange() {
        changeWaits |= isSuspended();
        return !isSuspended();
    }

    /**
     * The queue that a driver's notification names. {@code [virtio-1.4 §2.9]}
     *
     * @param word as {@link NotificationData} has it; only the lower half where NOTIFICATION_DATA was not negotiated
     * @return -1 if it names none
     */
    public final int notifiedQueue(int word) {
        int value = NotificationData.queue(word);
        int queue = isNegotiated(RingFeature.NOTIF_CONFIG_DATA) ? (value - NOTIFY_BASE) & 0xffff : value;
        return queue < queueCount() ? queue : -1;
    }

    /** What the driver uses to name a queue in its notifications. {@code [virtio-1.4 §4.1.5.2]} */
    public final int notifyValue(int queue) {
        return isNegotiated(RingFeature.NOTIF_CONFIG_DATA) ? (queue + NOTIFY_BASE) & 0xffff : queue;
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
        frozen = null;
        changeWaits = false;
        refused = false;
        negotiated = FeatureSet.NONE;
        featuresChanged();
    }
}
