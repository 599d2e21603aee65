package dev.cipu.virtio.blk;

import dev.cipu.virtio.Feature;
import java.util.List;

/** The feature bits of a block device, with what they need. {@code [virtio-1.4 §5.2.3]} */
public final class BlkFeatures {
    public static final List<Feature> ALL = List.of(
            Feature.of(BlkFeature.SIZE_MAX, "SIZE_MAX"),
            Feature.of(BlkFeature.SEG_MAX, "SEG_MAX"),
            Feature.of(BlkFeature.GEOMETRY, "GEOMETRY"),
            Feature.of(BlkFeature.RO, "RO"),
            Feature.of(BlkFeature.BLK_SIZE, "BLK_SIZE"),
            Feature.of(BlkFeature.FLUSH, "FLUSH"),
            Feature.of(BlkFeature.TOPOLOGY, "TOPOLOGY"),
            // no driver has to accept both, but a device offers it with FLUSH only: [virtio-1.4 §5.2.5.2]
            Feature.of(BlkFeature.CONFIG_WCE, "CONFIG_WCE", BlkFeature.FLUSH),
            Feature.of(BlkFeature.MQ, "MQ"),
            Feature.of(BlkFeature.DISCARD, "DISCARD"),
            Feature.of(BlkFeature.WRITE_ZEROES, "WRITE_ZEROES"),
            Feature.of(BlkFeature.LIFETIME, "LIFETIME"),
            Feature.of(BlkFeature.SECURE_ERASE, "SECURE_ERASE"),
            Feature.of(BlkFeature.ZONED, "ZONED"));

    private BlkFeatures() {}
}
