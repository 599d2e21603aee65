package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.virtio.FeatureSet;

/**
 * What a function is, learned before the first check.
 *
 * @param version of vfio-user that is spoken
 * @param device number in its configuration space
 * @param offered device feature bits; none where there is no common configuration to be read
 * @param queues likewise
 * @param vectors of MSI-X
 * @param pins 1 where it has one
 */
record PciSurvey(DeviceKind kind, String version, int device, FeatureSet offered, int queues, int vectors, int pins) {
    private static final int TRANSITIONAL_END = 0x1040;

    /** Whether drivers of before VIRTIO 1.0 find it, too. */
    boolean isTransitional() {
        return device >= 0x1000 && device < TRANSITIONAL_END;
    }
}
