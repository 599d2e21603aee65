package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.virtio.FeatureSet;

/**
 * What a back-end is, learned before the first check.
 *
 * @param offered device feature bits
 * @param protocol protocol feature bits offered
 * @param queues or pairs
 * @param reflects whether frames that are sent come back; false for a disk
 * @param sectors of a disk
 * @param blockBytes of a disk's logical block
 */
record Survey(
        DeviceKind kind,
        FeatureSet offered,
        long protocol,
        int queues,
        boolean reflects,
        long sectors,
        int blockBytes) {}
