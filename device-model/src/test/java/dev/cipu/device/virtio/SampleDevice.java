package dev.cipu.device.virtio;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.VirtioDevice;

/** A device of no known type: eight bytes of configuration of which the driver may write the last, and a feature beyond 63. */
final class SampleDevice extends VirtioDevice {
    static final int TYPE = 9;
    static final int HIGH_FEATURE = 70;
    static final FeatureSet FEATURES = RING_FEATURES.with(HIGH_FEATURE);

    final byte[] config = {1, 2, 3, 4, 5, 6, 7, 8};
    private final int queues;

    SampleDevice(FeatureSet features, int queues) {
        super(TYPE, features.with(RingFeature.VERSION_1));
        this.queues = queues;
    }

    SampleDevice() {
        this(FEATURES, 3);
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int configSize() {
        return config.length;
    }

    @Override
    protected byte configByte(int offset) {
        return config[offset];
    }

    @Override
    protected void configByte(int offset, byte value) {
        config[offset] = value;
    }

    @Override
    protected boolean configWritable(int offset) {
        return offset == config.length - 1;
    }
}
