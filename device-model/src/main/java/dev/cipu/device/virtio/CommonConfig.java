package dev.cipu.device.virtio;

import dev.cipu.device.pci.QueueHost;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.ring.RingFormat;
import java.util.Arrays;

/**
 * The registers by which a driver negotiates and sets up queues. {@code [virtio-1.4 §4.1.4.3]} Only a write of a whole register
 * does something; each half of an address is one, too. What the driver may not write at this time is ignored.
 *
 * <p>Owner: the function's control thread.
 */
final class CommonConfig {
    /** 32-bit words of features that are modelled. */
    private static final int FEATURE_WORDS = FeatureSet.WIDTH / 32;

    private final VirtioDevice device;
    private final QueueHost host;
    private final Interrupts interrupts;
    private final QueueRegisters[] queues;
    private final int[] wanted = new int[FEATURE_WORDS];

    /** Whether the driver wants features that no word of ours has. */
    private boolean wantsMore;

    private int deviceSelect;
    private int driverSelect;
    private int queueSelect;
    private int generation;
    private byte[] configSeen;

    /** Whether the function may read and write the host's memory. */
    private boolean master;

    private boolean served = true;

    /**
     * @param largest descriptors of a queue at most
     */
    CommonConfig(VirtioDevice device, QueueHost host, Interrupts interrupts, int largest) {
        this.device = device;
        this.host = host;
        this.interrupts = interrupts;
        queues = new QueueRegisters[device.queueCount()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new QueueRegisters(largest);
        }
        configSeen = configNow();
    }

    /** Reads bytes of the structure, from registers as they are now. */
    void read(int offset, byte[] dst) {
        for (int i = 0; i < dst.length; ) {
            int at = offset + i;
            int start = at;
            while (start >= 0 && CommonLayout.bytes(start) == 0) {
                start--;
            }
            long register = start < 0 ? 0 : register(start);
            int end = start + Math.max(1, CommonLayout.bytes(start));
            do {
                dst[i++] = (byte) (register >>> (8 * (at - start)));
                at++;
            } while (i < dst.length && at < end);
        }
    }

    private long register(int at) {
        int queue = queueSelect;
        boolean there = queue < queues.length;
        return switch (at) {
            case CommonLayout.DEVICE_FEATURE_SELECT -> deviceSelect;
            case CommonLayout.DEVICE_FEATURE -> word(device.offered(), deviceSelect);
            case CommonLayout.DRIVER_FEATURE_SELECT -> driverSelect;
            case CommonLayout.DRIVER_FEATURE -> word(accepted(), driverSelect);
            case CommonLayout.CONFIG_VECTOR -> interrupts.vector(interrupts.configEvent());
            case CommonLayout.QUEUES -> queues.length;
            case CommonLayout.STATUS -> device.status();
            case CommonLayout.GENERATION -> generation();
            case CommonLayout.QUEUE_SELECT -> queue;
            case CommonLayout.QUEUE_SIZE -> there ? queues[queue].size : 0;
            case CommonLayout.QUEUE_VECTOR -> there ? interrupts.vector(queue) : Interrupts.NO_VECTOR;
            case CommonLayout.QUEUE_ENABLE -> there && queues[queue].enabled ? 1 : 0;
            case CommonLayout.QUEUE_NOTIFY_OFFSET -> there ? queue : 0;
            case CommonLayout.QUEUE_NOTIFY_DATA -> there ? device.notifyValue(queue) : 0;
            default -> {
                int half = (at - CommonLayout.QUEUE_DESCRIPTORS) / 4;
                yield there && half >= 0 && half < 6 ? queues[queue].half(half) : 0;
            }
        };
    }

    private static int word(FeatureSet features, int select) {
        return switch (select) {
            case 0 -> (int) features.low();
            case 1 -> (int) (features.low() >>> 32);
            case 2 -> (int) features.high();
            case 3 -> (int) (features.high() >>> 32);
            default -> 0;
        };
    }

    /** What the driver has written, as far as it was offered. */
    private FeatureSet accepted() {
        return written().and(device.offered());
    }

    private FeatureSet written() {
        long low = (wanted[0] & 0xffff_ffffL) | (long) wanted[1] << 32;
        long high = (wanted[2] & 0xffff_ffffL) | (long) wanted[3] << 32;
        return new FeatureSet(low, high);
    }

    /** Another number whenever the configuration is not what it was when this was read last. */
    private int generation() {
        byte[] now = configNow();
        if (!Arrays.equals(now, configSeen)) {
            configSeen = now;
            generation = (generation + 1) & 0xff;
        }
        return generation;
    }

    private byte[] configNow() {
        byte[] now = new byte[device.configSize()];
        device.readConfig(0, now);
        return now;
    }

    /** Writes a register; what is none, or not all of one, is ignored. */
    void write(int offset, byte[] src) {
        if (src.length == 8 && offset >= CommonLayout.QUEUE_DESCRIPTORS && CommonLayout.bytes(offset) == 4) {
            write(offset, Arrays.copyOf(src, 4));
            write(offset + 4, Arrays.copyOfRange(src, 4, 8));
            return;
        }
        if (src.length != CommonLayout.bytes(offset)) {
            return;
        }
        int value = 0;
        for (int i = 0; i < src.length; i++) {
            value |= (src[i] & 0xff) << (8 * i);
        }
        switch (offset) {
            case CommonLayout.DEVICE_FEATURE_SELECT -> deviceSelect = value;
            case CommonLayout.DRIVER_FEATURE_SELECT -> driverSelect = value;
            case CommonLayout.DRIVER_FEATURE -> want(value);
            case CommonLayout.CONFIG_VECTOR -> interrupts.map(interrupts.configEvent(), value);
            case CommonLayout.STATUS -> status(value);
            case CommonLayout.QUEUE_SELECT -> queueSelect = value;
            default -> {
                if (queueSelect < queues.length) {
                    writeQueue(queueSelect, offset, value);
                }
            }
        }
    }

    private void want(int bits) {
        if ((device.status() & DeviceStatus.FEATURES_OK) != 0) {
            return;
        }
        if (Integer.compareUnsigned(driverSelect, FEATURE_WORDS) < 0) {
            wanted[driverSelect] = bits;
        } else {
            wantsMore |= bits != 0;
        }
    }

    private void status(int bits) {
        if (bits == 0) {
            resetDevice();
            return;
        }
        if ((bits & DeviceStatus.FEATURES_OK) != 0 && (device.status() & DeviceStatus.FEATURES_OK) == 0) {
            // [virtio-1.4 §6.2] these registers speak of rings as VERSION_1 has them
            if (wantsMore || !written().has(RingFeature.VERSION_1)) {
                device.refuse();
            } else {
                device.negotiate(written());
            }
        }
        switch (device.setStatus(bits)) {
            case SUSPEND -> {
                serve(false);
                device.suspended();
            }
            case RESUME -> {
                boolean tell = device.resumed();
                serve(true);
                if (tell) {
                    interrupts.raiseConfig();
                }
            }
            case NOTHING -> startReady();
        }
    }

    private void writeQueue(int queue, int offset, int value) {
        QueueRegisters registers = queues[queue];
        switch (offset) {
            case CommonLayout.QUEUE_VECTOR -> interrupts.map(queue, value);
            case CommonLayout.QUEUE_RESET -> {
                if (value == 1 && device.isNegotiated(RingFeature.RING_RESET)) {
                    resetQueue(queue);
                }
            }
            case CommonLayout.QUEUE_ENABLE -> {
                if (value == 1 && isOpen(registers)) {
                    registers.enabled = true;
                    startReady();
                }
            }
            case CommonLayout.QUEUE_SIZE -> {
                if (isOpen(registers)
                        && value <= registers.largest()
                        && RingFormat.of(device.negotiated()).isValidSize(value)) {
                    registers.size = value;
                }
            }
            default -> {
                int half = (offset - CommonLayout.QUEUE_DESCRIPTORS) / 4;
                if (half >= 0 && half < 6 && isOpen(registers)) {
                    registers.half(half, value);
                }
            }
        }
    }

    /** Whether the driver may set the queue up: before DRIVER_OK, and after it has reset the queue. {@code [virtio-1.4 §2.6]} */
    private boolean isOpen(QueueRegisters registers) {
        boolean live = (device.status() & DeviceStatus.DRIVER_OK) != 0;
        return !registers.enabled && (!live || device.isNegotiated(RingFeature.RING_RESET));
    }

    private void startReady() {
        if ((device.status() & DeviceStatus.DRIVER_OK) == 0) {
            return;
        }
        for (int i = 0; i < queues.length; i++) {
            QueueRegisters each = queues[i];
            if (each.enabled && !each.running) {
                each.running = host.start(i, each.setup(), interrupts.of(i));
                if (!each.running) {
                    needsReset();
                }
            }
        }
    }

    /** {@code [virtio-1.4 §2.6.1]} Nothing is under way when this returns, so the driver never sees it half done. */
    private void resetQueue(int queue) {
        stop(queue);
        queues[queue].reset();
        interrupts.map(queue, Interrupts.NO_VECTOR);
    }

    private void stop(int queue) {
        if (queues[queue].running) {
            host.stop(queue);
            queues[queue].running = false;
        }
    }

    /** The driver notifies a queue. */
    void kick(int queue) {
        if (queue < queues.length && queues[queue].running) {
            host.kick(queue);
        }
    }

    /** Whether the function may read and write the host's memory from now on. */
    void master(boolean on) {
        master = on;
        serve(!device.isSuspended());
    }

    private void serve(boolean on) {
        boolean next = on && master;
        if (next != served) {
            served = next;
            host.serve(next);
        }
    }

    /** Something is broken that only a reset mends. */
    void needsReset() {
        if (device.markNeedsReset()) {
            interrupts.raiseConfig();
        }
    }

    void configChanged() {
        if (device.mayNotifyOfChange()) {
            interrupts.raiseConfig();
        }
    }

    /** As after power-on. No request is under way when this returns. */
    void resetDevice() {
        for (int i = 0; i < queues.length; i++) {
            stop(i);
            queues[i].reset();
        }
        device.reset();
        interrupts.resetDevice();
        Arrays.fill(wanted, 0);
        wantsMore = false;
        deviceSelect = 0;
        driverSelect = 0;
        queueSelect = 0;
        serve(true);
    }
}
