package dev.cipu.shim.load;

import dev.cipu.virtio.FeatureSet;

/** Feature words for reports. */
final class Hex {
    private Hex() {}

    static String of(FeatureSet features) {
        return "0x" + Long.toHexString(features.low());
    }
}
