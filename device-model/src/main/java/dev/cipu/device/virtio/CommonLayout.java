package dev.cipu.device.virtio;

/**
 * The common configuration structure. {@code [virtio-1.4 §4.1.4.3]}
 *
 * <pre>
 *  0 device_feature_select:32    4 device_feature:32    8 driver_feature_select:32   12 driver_feature:32
 * 16 config_msix_vector:16      18 num_queues:16       20 device_status:8            21 config_generation:8
 * 22 queue_select:16            24 queue_size:16       26 queue_msix_vector:16       28 queue_enable:16
 * 30 queue_notify_off:16        32 queue_desc:64       40 queue_driver:64            48 queue_device:64
 * 56 queue_notif_config_data:16 58 queue_reset:16      60 admin_queue_index:16       62 admin_queue_num:16
 * </pre>
 */
final class CommonLayout {
    static final int DEVICE_FEATURE_SELECT = 0;
    static final int DEVICE_FEATURE = 4;
    static final int DRIVER_FEATURE_SELECT = 8;
    static final int DRIVER_FEATURE = 12;
    static final int CONFIG_VECTOR = 16;
    static final int QUEUES = 18;
    static final int STATUS = 20;
    static final int GENERATION = 21;
    static final int QUEUE_SELECT = 22;
    static final int QUEUE_SIZE = 24;
    static final int QUEUE_VECTOR = 26;
    static final int QUEUE_ENABLE = 28;
    static final int QUEUE_NOTIFY_OFFSET = 30;
    static final int QUEUE_DESCRIPTORS = 32;
    static final int QUEUE_DRIVER = 40;
    static final int QUEUE_DEVICE = 48;
    static final int QUEUE_NOTIFY_DATA = 56;
    static final int QUEUE_RESET = 58;

    private CommonLayout() {}

    /** Bytes of the register at an offset, 0 if none begins there; each half of an address is a register, too. */
    static int bytes(int offset) {
        return switch (offset) {
            case DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT, DRIVER_FEATURE -> 4;
            case STATUS, GENERATION -> 1;
            default -> {
                if (offset >= QUEUE_DESCRIPTORS && offset < QUEUE_NOTIFY_DATA) {
                    yield offset % 4 == 0 ? 4 : 0;
                }
                yield offset % 2 == 0 && offset >= CONFIG_VECTOR && offset < Structures.COMMON_BYTES ? 2 : 0;
            }
        };
    }
}
