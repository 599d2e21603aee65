package dev.cipu.device.virtio;

import dev.cipu.device.pci.ConfigSpace;
import dev.cipu.device.pci.RegionId;

/**
 * The vendor-specific capabilities by which a driver finds the structures. {@code [virtio-1.4 §4.1.4]}
 *
 * <pre>
 * 0 id 0x09   1 next   2 length   3 type   4 bar   5 id   8 offset:32   12 length:32   16 more
 * </pre>
 */
final class Capabilities {
    static final int COMMON = 1;
    static final int NOTIFY = 2;
    static final int ISR = 3;
    static final int DEVICE = 4;
    static final int PCI = 5;

    static final int BAR = 4;
    static final int OFFSET = 8;
    static final int LENGTH = 12;
    static final int MORE = 16;

    private static final int VENDOR_SPECIFIC = 0x09;

    private Capabilities() {}

    /** A structure in the BAR of structures; returns where the capability begins. */
    static int add(ConfigSpace config, int type, int offset, int length) {
        return add(config, type, offset, length, MORE);
    }

    /** Doorbells. */
    static void addNotify(ConfigSpace config, int offset, int length, int multiplier) {
        int at = add(config, NOTIFY, offset, length, MORE + 4);
        config.set(at + MORE, 4, multiplier);
    }

    /** The window through which a driver without mapped BARs reaches them; returns where the capability begins. */
    static int addWindow(ConfigSpace config) {
        int at = config.capability(VENDOR_SPECIFIC, MORE + 4);
        config.set(at + 2, 1, MORE + 4);
        config.set(at + 3, 1, PCI);
        config.writable(at + BAR, 1, 0xff);
        config.writable(at + OFFSET, 8, -1);
        config.writable(at + MORE, 4, -1);
        return at;
    }

    private static int add(ConfigSpace config, int type, int offset, int length, int bytes) {
        RegionId bar = Structures.BAR;
        int at = config.capability(VENDOR_SPECIFIC, bytes);
        config.set(at + 2, 1, bytes);
        config.set(at + 3, 1, type);
        config.set(at + BAR, 1, bar.number());
        config.set(at + OFFSET, 4, offset);
        config.set(at + LENGTH, 4, length);
        return at;
    }
}
