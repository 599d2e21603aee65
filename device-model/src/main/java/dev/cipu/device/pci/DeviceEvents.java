package dev.cipu.device.pci;

/**
 * What becomes of a device on the card's side and its driver has to hear, by a configuration change interrupt. All calls come
 * from the function's control thread.
 */
public interface DeviceEvents {
    /** The device's configuration space has changed: another generation, as far as a driver can see it. */
    void configChanged();

    /** Something is broken that only a reset mends. {@code [virtio-1.4 §2.1.2]} */
    void needsReset();
}
