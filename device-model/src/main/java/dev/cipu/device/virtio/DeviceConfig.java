package dev.cipu.device.virtio;

import dev.cipu.virtio.VirtioDevice;
import java.util.Arrays;

/**
 * The device-specific configuration as the driver reads it, field by field, while the card may change it at any time. The
 * generation changes when a read finds something else than the read before, whoever changed it and whether or not it was reported
 * yet. {@code [virtio-1.4 §4.1.4.3.1]}
 *
 * <p>Owner: the function's control thread.
 */
final class DeviceConfig {
    private static final int GENERATIONS = 0xff;
    private static final int LOOKS = 4;

    private final VirtioDevice device;
    private byte[] seen;
    private int generation;

    DeviceConfig(VirtioDevice device) {
        this.device = device;
        seen = look();
    }

    int bytes() {
        return device.configSize();
    }

    int generation() {
        return generation;
    }

    /** All of it, as of now. */
    byte[] read() {
        byte[] now = look();
        if (!Arrays.equals(now, seen)) {
            seen = now;
            generation = generation + 1 & GENERATIONS;
        }
        return now;
    }

    /** A field that changes while its bytes are read is read again. */
    private byte[] look() {
        byte[] first = new byte[device.configSize()];
        device.readConfig(0, first);
        for (int i = 0; i < LOOKS; i++) {
            byte[] again = new byte[first.length];
            device.readConfig(0, again);
            if (Arrays.equals(first, again)) {
                break;
            }
            first = again;
        }
        return first;
    }

    /** Writes as the driver does; what it may not write stays as it is, with all that was written at the same time. */
    void write(int at, byte[] src) {
        device.writeConfig(at, src);
    }
}
