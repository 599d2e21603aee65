package dev.cipu.device.virtio;

import dev.cipu.device.pci.ConfigSpace;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.RegionId;
import org.jspecify.annotations.Nullable;

/**
 * The way into the BARs for a driver that cannot map them: it names bar, offset and length in configuration space, and reads or
 * writes the data there. {@code [virtio-1.4 §4.1.4.10]} What names nothing reads as it was, and writes nothing.
 */
final class Window {
    private final ConfigSpace config;
    private final int capability;
    private final PciFunction function;

    /**
     * @param capability where it begins
     */
    Window(ConfigSpace config, int capability, PciFunction function) {
        this.config = config;
        this.capability = capability;
        this.function = function;
    }

    private int data() {
        return capability + Capabilities.MORE;
    }

    private boolean touchesData(int offset, int length) {
        return offset < data() + 4 && offset + length > data();
    }

    /** Bytes that the driver wants to move, 0 if it names none that it may. */
    private int length() {
        long length = config.get(capability + Capabilities.LENGTH, 4);
        boolean sized = length == 1 || length == 2 || length == 4;
        if (!sized || offset() % length != 0) {
            return 0;
        }
        RegionId bar = bar();
        return bar != null && offset() + length <= function.region(bar).bytes() ? (int) length : 0;
    }

    private @Nullable RegionId bar() {
        return RegionId.bar((int) config.get(capability + Capabilities.BAR, 1));
    }

    private long offset() {
        return config.get(capability + Capabilities.OFFSET, 4);
    }

    /** The driver is about to read configuration space. */
    void beforeRead(int offset, int length) {
        int bytes = touchesData(offset, length) ? length() : 0;
        RegionId bar = bar();
        if (bytes > 0 && bar != null) {
            byte[] moved = new byte[bytes];
            function.read(bar, offset(), moved);
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= (moved[i] & 0xffL) << (8 * i);
            }
            config.change(data(), bytes, value);
        }
    }

    /** The driver has written configuration space. */
    void afterWrite(int offset, int length) {
        int bytes = touchesData(offset, length) ? length() : 0;
        RegionId bar = bar();
        if (bytes > 0 && bar != null) {
            long value = config.get(data(), bytes);
            byte[] moved = new byte[bytes];
            for (int i = 0; i < bytes; i++) {
                moved[i] = (byte) (value >>> (8 * i));
            }
            function.write(bar, offset(), moved);
        }
    }
}
