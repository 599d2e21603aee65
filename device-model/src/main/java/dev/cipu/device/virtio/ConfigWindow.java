package dev.cipu.device.virtio;

import dev.cipu.device.pci.Bar;
import dev.cipu.device.pci.ConfigSpace;
import dev.cipu.device.pci.RegionId;

/**
 * The window in configuration space through which a driver reaches the BARs before they are mapped.
 * {@code [virtio-1.4 §4.1.4.9]} A window that is set to what is not there reads as zeroes and swallows what is written.
 */
final class ConfigWindow {
    /** The BARs behind the window. */
    interface Bars {
        /** Bytes of a region, 0 if it is not there. */
        long bytes(RegionId region);

        void read(RegionId region, long offset, byte[] dst);

        void write(RegionId region, long offset, byte[] src);
    }

    private final ConfigSpace config;
    private final Bars bars;
    private final int bar;
    private final int offset;
    private final int length;
    private final int data;

    /**
     * @param bar where in configuration space the driver names the BAR; and so on
     */
    ConfigWindow(ConfigSpace config, Bars bars, int bar, int offset, int length, int data) {
        this.config = config;
        this.bars = bars;
        this.bar = bar;
        this.offset = offset;
        this.length = length;
        this.data = data;
        config.writable(bar, Byte.BYTES, 0xff);
        config.writable(offset, Integer.BYTES, -1);
        config.writable(length, Integer.BYTES, -1);
        config.writable(data, Integer.BYTES, -1);
        config.beforeRead(data, Integer.BYTES, this::read);
        config.afterWrite(data, Integer.BYTES, this::write);
    }

    /** Whether the window shows something: 1, 2 or 4 bytes, aligned, of a BAR that is there. */
    private boolean isOpen() {
        int bytes = config.u32(length);
        long at = Integer.toUnsignedLong(config.u32(offset));
        return (bytes == 1 || bytes == 2 || bytes == 4)
                && at % bytes == 0
                && config.u8(bar) < Bar.COUNT
                && at + bytes <= bars.bytes(region());
    }

    private RegionId region() {
        return Bar.region(config.u8(bar));
    }

    private long at() {
        return Integer.toUnsignedLong(config.u32(offset));
    }

    private void read() {
        config.u32(data, 0);
        if (isOpen()) {
            byte[] bytes = new byte[config.u32(length)];
            bars.read(region(), at(), bytes);
            for (int i = 0; i < bytes.length; i++) {
                config.u8(data + i, bytes[i]);
            }
        }
    }

    private void write() {
        if (isOpen()) {
            byte[] bytes = new byte[config.u32(length)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) config.u8(data + i);
            }
            bars.write(region(), at(), bytes);
        }
    }
}
