package dev.cipu.device.virtio;

import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.BooleanSupplier;

/**
 * The registers by which a driver negotiates, sets up queues and says how far it is. {@code [virtio-1.4 §4.1.4.3]} They can be
 * read in any width. A write counts if it is of a field's own width at its own offset, as drivers write; any other changes
 * nothing, and so does one that comes when its field is settled.
 *
 * <p>Owner: the function's control thread.
 */
final class CommonConfig {
    private static final int WORDS = FeatureSet.WIDTH / Integer.SIZE;
    private static final long WORD = 0xffff_ffffL;

    private final VirtioDevice device;
    private final DeviceConfig deviceConfig;
    private final Virtqueues queues;
    private final Events events;
    private final BooleanSupplier mayAccessMemory;
    private int deviceSelect;
    private int driverSelect;
    private int queueSelect;
    private FeatureSet driver = FeatureSet.NONE;

    /** Whether the driver has accepted features of words that no device has. */
    private boolean wantsMore;

    CommonConfig(
            VirtioDevice device,
            DeviceConfig deviceConfig,
            Virtqueues queues,
            Events events,
            BooleanSupplier mayAccessMemory) {
        this.device = device;
        this.deviceConfig = deviceConfig;
        this.queues = queues;
        this.events = events;
        this.mayAccessMemory = mayAccessMemory;
    }

    /** All registers as they read now. */
    byte[] read() {
        ByteBuffer all = ByteBuffer.allocate(CommonLayout.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        all.putInt(CommonLayout.DEVICE_FEATURE_SELECT, deviceSelect);
        all.putInt(CommonLayout.DEVICE_FEATURE, word(device.offered(), deviceSelect));
        all.putInt(CommonLayout.DRIVER_FEATURE_SELECT, driverSelect);
        all.putInt(CommonLayout.DRIVER_FEATURE, word(driver, driverSelect));
        all.putShort(CommonLayout.CONFIG_VECTOR, (short) events.configVector());
        all.putShort(CommonLayout.NUM_QUEUES, (short) queues.count());
        all.put(CommonLayout.STATUS, (byte) device.status());
        all.put(CommonLayout.GENERATION, (byte) deviceConfig.generation());
        all.putShort(CommonLayout.QUEUE_SELECT, (short) queueSelect);
        if (queueSelect >= queues.count()) {
            all.putShort(CommonLayout.QUEUE_VECTOR, (short) CommonLayout.NO_VECTOR);
            return all.array();
        }
        QueueRegisters queue = queues.get(queueSelect);
        all.putShort(CommonLayout.QUEUE_SIZE, (short) queue.size());
        all.putShort(CommonLayout.QUEUE_VECTOR, (short) queue.vector());
        all.putShort(CommonLayout.QUEUE_ENABLE, (short) (queue.isEnabled() ? 1 : 0));
        all.putShort(CommonLayout.QUEUE_NOTIFY_OFF, (short) queueSelect);
        for (int at = CommonLayout.QUEUE_DESC; at < CommonLayout.QUEUE_NOTIFY_DATA; at += Long.BYTES) {
            all.putLong(at, queue.area(at));
        }
        if (device.isNegotiated(RingFeature.NOTIF_CONFIG_DATA)) {
            all.putShort(CommonLayout.QUEUE_NOTIFY_DATA, (short) device.notifyValue(queueSelect));
        }
        all.putShort(CommonLayout.QUEUE_RESET, (short) (queue.isResetting() ? 1 : 0));
        return all.array();
    }

    /** 32 features; of words beyond all features none. */
    private static int word(FeatureSet features, int select) {
        if (Integer.compareUnsigned(select, WORDS) >= 0) {
            return 0;
        }
        long half = select < 2 ? features.low() : features.high();
        return (int) (half >>> (select % 2 * Integer.SIZE));
    }

    private static FeatureSet withWord(FeatureSet features, int select, int value) {
        int shift = select % 2 * Integer.SIZE;
        long kept = ~(WORD << shift);
        long bits = (value & WORD) << shift;
        return select < 2
                ? new FeatureSet((features.low() & kept) | bits, features.high())
                : new FeatureSet(features.low(), (features.high() & kept) | bits);
    }

    void write(int at, byte[] src) {
        if (!CommonLayout.isField(at, src.length)) {
            return;
        }
        long value = 0;
        for (int i = src.length - 1; i >= 0; i--) {
            value = value << Byte.SIZE | (src[i] & 0xff);
        }
        switch (at) {
            case CommonLayout.DEVICE_FEATURE_SELECT -> deviceSelect = (int) value;
            case CommonLayout.DRIVER_FEATURE_SELECT -> driverSelect = (int) value;
            case CommonLayout.DRIVER_FEATURE -> accept((int) value);
            case CommonLayout.CONFIG_VECTOR -> events.configVector(events.vector((int) value));
            case CommonLayout.STATUS -> status((int) value);
            case CommonLayout.QUEUE_SELECT -> queueSelect = (int) value;
            default -> {
                if (queueSelect < queues.count()) {
                    writeQueue(queues.get(queueSelect), at, src.length, value);
                }
            }
        }
    }

    private void accept(int word) {
        // bits that were never offered are mirrored, and refused when the driver says that it is done
        if (has(DeviceStatus.FEATURES_OK)) {
            return;
        }
        if (Integer.compareUnsigned(driverSelect, WORDS) < 0) {
            driver = withWord(driver, driverSelect, word);
        } else {
            wantsMore |= word != 0;
        }
    }

    /** Where that fails the device keeps FEATURES_OK clear. */
    private void negotiate() {
        // [virtio-1.4 §6.2] without VERSION_1 it is a driver of the legacy interface, which is not here
        if (wantsMore || !driver.has(RingFeature.VERSION_1)) {
            device.refuse();
        } else {
            device.negotiate(driver);
        }
    }

    private void writeQueue(QueueRegisters queue, int at, int bytes, long value) {
        switch (at) {
            case CommonLayout.QUEUE_VECTOR -> queue.vector(events.vector((int) value));
            case CommonLayout.QUEUE_SIZE -> {
                if (isOpen(queue)) {
                    queue.size((int) value, device.isNegotiated(RingFeature.RING_PACKED));
                }
            }
            case CommonLayout.QUEUE_ENABLE -> {
                if (value == 1) {
                    queue.enable();
                    startQueues();
                }
            }
            case CommonLayout.QUEUE_RESET -> {
                if (value == 1 && device.isNegotiated(RingFeature.RING_RESET)) {
                    queues.reset(queueSelect);
                }
            }
            default -> {
                if (at >= CommonLayout.QUEUE_DESC && at < CommonLayout.QUEUE_NOTIFY_DATA && isOpen(queue)) {
                    queue.area(at, bytes, value);
                }
            }
        }
    }

    /** Whether the driver may still say where a queue is and how large. */
    private boolean isOpen(QueueRegisters queue) {
        return !queue.isEnabled() && (!has(DeviceStatus.DRIVER_OK) || device.isNegotiated(RingFeature.RING_RESET));
    }

    private boolean has(int statusBit) {
        return (device.status() & statusBit) != 0;
    }

    private void status(int bits) {
        if (bits == 0) {
            reset();
            return;
        }
        if ((bits & DeviceStatus.FEATURES_OK) != 0 && !has(DeviceStatus.FEATURES_OK)) {
            negotiate();
        }
        switch (device.setStatus(bits)) {
            case SUSPEND -> {
                // returns when all that was in process is answered and the driver told
                queues.serve(false);
                device.suspended();
            }
            case RESUME -> {
                boolean changed = device.resumed();
                serve();
                if (changed) {
                    events.changed();
                }
            }
            case NOTHING -> {
                serve();
                startQueues();
            }
        }
    }

    /** Queues are served while the driver is ready and the host lets the function access memory. */
    void serve() {
        queues.serve(mayAccessMemory.getAsBoolean() && isReady());
    }

    private boolean isReady() {
        return has(DeviceStatus.DRIVER_OK) && has(DeviceStatus.FEATURES_OK);
    }

    private void startQueues() {
        if (isReady() && !queues.startEnabled()) {
            needsReset();
        }
    }

    /** Something is broken that only a reset mends. */
    void needsReset() {
        if (device.markNeedsReset()) {
            events.changed();
        }
    }

    /** The card has changed the device's configuration: a driver that is at work is told. */
    void configChanged() {
        if ((isReady() || device.isSuspended()) && device.mayNotifyOfChange()) {
            events.changed();
        }
    }

    /** A reset of the device, not of its function. {@code [virtio-1.4 §2.4]} */
    void reset() {
        queues.resetAll();
        device.reset();
        events.reset();
        serve();
        deviceSelect = 0;
        driverSelect = 0;
        queueSelect = 0;
        driver = FeatureSet.NONE;
        wantsMore = false;
    }
}
