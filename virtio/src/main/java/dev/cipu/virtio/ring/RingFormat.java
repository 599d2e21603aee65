package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;

/**
 * How the three parts of a virtqueue look: descriptors, the driver's area (available ring or driver event), the device's
 * area (used ring or device event). {@code [virtio-1.4 §2.6]}
 */
public enum RingFormat {
    SPLIT(SplitLayout.DESCRIPTOR_ALIGN, SplitLayout.AVAIL_ALIGN, SplitLayout.USED_ALIGN),
    PACKED(PackedLayout.DESCRIPTOR_ALIGN, PackedLayout.EVENT_ALIGN, PackedLayout.EVENT_ALIGN);

    private final int descriptorAlign;
    private final int driverAlign;
    private final int deviceAlign;

    RingFormat(int descriptorAlign, int driverAlign, int deviceAlign) {
        this.descriptorAlign = descriptorAlign;
        this.driverAlign = driverAlign;
        this.deviceAlign = deviceAlign;
    }

    /** The format that driver and device agreed on. */
    public static RingFormat of(FeatureSet negotiated) {
        return negotiated.has(RingFeature.RING_PACKED) ? PACKED : SPLIT;
    }

    /** Whether a queue can have this many descriptors. */
    public boolean isValidSize(int size) {
        return this == SPLIT ? SplitLayout.isValidSize(size) : PackedLayout.isValidSize(size);
    }

    /** Bytes of the descriptors. */
    public long descriptorBytes(int size) {
        return (long) SplitLayout.DESCRIPTOR_BYTES * size;
    }

    /** Bytes of the driver's area. */
    public long driverBytes(int size) {
        return this == SPLIT ? SplitLayout.availBytes(size) : PackedLayout.EVENT_BYTES;
    }

    /** Bytes of the device's area. */
    public long deviceBytes(int size) {
        return this == SPLIT ? SplitLayout.usedBytes(size) : PackedLayout.EVENT_BYTES;
    }

    /** Whether the addresses of the three parts are multiples of what the format asks for. */
    public boolean isAligned(long descriptors, long driverArea, long deviceArea) {
        return descriptors % descriptorAlign == 0 && driverArea % driverAlign == 0 && deviceArea % deviceAlign == 0;
    }

    /** The position at which a fresh queue begins, as {@link Virtqueue#position} tells it. */
    public int start() {
        return this == SPLIT ? 0 : PackedLayout.START << 16 | PackedLayout.START;
    }
}
