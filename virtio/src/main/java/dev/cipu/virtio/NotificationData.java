package dev.cipu.virtio;

/**
 * What a driver's notification carries where NOTIFICATION_DATA was negotiated. {@code [virtio-1.4 §2.9]}
 *
 * <pre>
 * 0 queue:16   16 next_off:15 and next_wrap:1 (packed), or the available index:16 (split)
 * </pre>
 *
 * A device takes the upper half for a hint: a driver may notify of what it has not made available.
 */
public final class NotificationData {
    private NotificationData() {}

    /**
     * The word that a driver writes.
     *
     * @param queue how the device wants the queue to be named, see {@link VirtioDevice#notifyValue}
     * @param progress 16 bits: how far the driver has got
     */
    public static int of(int queue, int progress) {
        return progress << 16 | queue;
    }

    /** What names the queue. */
    public static int queue(int word) {
        return word & 0xffff;
    }

    /** How far the driver says that it has got. */
    public static int progress(int word) {
        return word >>> 16;
    }
}
