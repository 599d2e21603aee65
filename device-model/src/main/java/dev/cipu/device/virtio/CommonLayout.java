package dev.cipu.device.virtio;

/**
 * The common configuration structure. {@code [virtio-1.4 §4.1.4.3]}
 *
 * <pre>
 * 00 device_feature_select:32   04 device_feature:32        08 driver_feature_select:32   0c driver_feature:32
 * 10 config_msix_vector:16      12 num_queues:16            14 device_status:8            15 config_generation:8
 * 16 queue_select:16            18 queue_size:16            1a queue_msix_vector:16       1c queue_enable:16
 * 1e queue_notify_off:16        20 queue_desc:64            28 queue_driver:64            30 queue_device:64
 * 38 queue_notif_config_data:16 3a queue_reset:16           3c admin_queue_index:16       3e admin_queue_num:16
 * </pre>
 */
public final class CommonLayout {
    public static final int DEVICE_FEATURE_SELECT = 0x00;
    public static final int DEVICE_FEATURE = 0x04;
    public static final int DRIVER_FEATURE_SELECT = 0x08;
    public static final int DRIVER_FEATURE = 0x0c;
    public static final int CONFIG_VECTOR = 0x10;
    public static final int NUM_QUEUES = 0x12;
    public static final int STATUS = 0x14;
    public static final int GENERATION = 0x15;
    public static final int QUEUE_SELECT = 0x16;
    public static final int QUEUE_SIZE = 0x18;
    public static final int QUEUE_VECTOR = 0x1a;
    public static final int QUEUE_ENABLE = 0x1c;
    public static final int QUEUE_NOTIFY_OFF = 0x1e;
    public static final int QUEUE_DESC = 0x20;
    public static final int QUEUE_DRIVER = 0x28;
    public static final int QUEUE_DEVICE = 0x30;
    public static final int QUEUE_NOTIFY_DATA = 0x38;
    public static final int QUEUE_RESET = 0x3a;
    public static final int ADMIN_INDEX = 0x3c;
    public static final int ADMIN_QUEUES = 0x3e;
    public static final int BYTES = 0x40;

    /** The event has no vector. {@code [virtio-1.4 §4.1.5.1.2]} */
    public static final int NO_VECTOR = 0xffff;

    private CommonLayout() {}

    /** Bytes of the field at an offset, of 64-bit fields those of a half. */
    public static int bytes(int at) {
        if (at == STATUS || at == GENERATION) {
            return Byte.BYTES;
        }
        boolean word = at < CONFIG_VECTOR || (at >= QUEUE_DESC && at < QUEUE_NOTIFY_DATA);
        return word ? Integer.BYTES : Short.BYTES;
    }

    /** Whether a driver writes a field at this offset with this many bytes; 64-bit fields also by halves. */
    static boolean isField(int at, int bytes) {
        if (at < CONFIG_VECTOR) {
            return bytes == Integer.BYTES && at % Integer.BYTES == 0;
        }
        if (at == STATUS || at == GENERATION) {
            return bytes == Byte.BYTES;
        }
        if (at >= QUEUE_DESC && at < QUEUE_NOTIFY_DATA) {
            return (bytes == Integer.BYTES || bytes == Long.BYTES) && at % bytes == 0;
        }
        return bytes == Short.BYTES && at % Short.BYTES == 0;
    }
}
