package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkZone;

/**
 * What a back-end is, learned before the first check.
 *
 * @param offered device feature bits
 * @param protocol protocol feature bits offered
 * @param queues or pairs
 * @param reflects whether frames that are sent come back; false for a disk
 * @param sectors of a disk
 * @param blockBytes of a disk's logical block
 * @param zoneModel of a disk, see {@link BlkZone}
 * @param commands whether a network device answers on its control queue
 */
record Survey(
        DeviceKind kind,
        FeatureSet offered,
        long protocol,
        int queues,
        boolean reflects,
        long sectors,
        int blockBytes,
        int zoneModel,
        boolean commands) {
    static Survey net(FeatureSet offered, long protocol, int pairs, boolean reflects, boolean commands) {
        return new Survey(DeviceKind.NET, offered, protocol, pairs, reflects, 0, 0, BlkZone.NONE, commands);
    }

    static Survey blk(FeatureSet offered, long protocol, int queues, long sectors, int blockBytes, int zoneModel) {
        return new Survey(DeviceKind.BLK, offered, protocol, queues, false, sectors, blockBytes, zoneModel, false);
    }

    boolean isHostManaged() {
        return zoneModel == BlkZone.HOST_MANAGED;
    }
}
