package dev.cipu.device.virtio;

/** What the card's vendor wants its own tools to find, in configuration space. {@code [virtio-1.4 §4.1.4.8]} */
public final class VendorData {
    private final int vendor;
    private final byte[] data;

    /**
     * @param vendor a PCI vendor id, but not virtio's own
     * @param data what the vendor likes; padded with zeroes to whole words of 32 bits, with the id before it
     */
    public VendorData(int vendor, byte[] data) {
        if (vendor == VirtioPciTraits.VENDOR) {
            throw new IllegalArgumentException("data of virtio's own vendor id");
        }
        this.vendor = vendor;
        this.data = data.clone();
    }

    int vendor() {
        return vendor;
    }

    byte[] data() {
        return data.clone();
    }
}
