package dev.cipu.shim.probe;

import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.net.NetFeature;
import org.jspecify.annotations.Nullable;

/** The device types that we can drive. */
public enum DeviceKind {
    NET,
    BLK;

    /**
     * What a back-end seems to be, or null. The wire does not say; but only network devices have messages about MTU and
     * announcements, and those leave their configuration space to the front-end.
     */
    public static @Nullable DeviceKind of(Rig rig) {
        long protocol = rig.offeredProtocol();
        if ((protocol & (ProtocolFeature.NET_MTU | ProtocolFeature.RARP)) != 0) {
            return NET;
        }
        if ((protocol & ProtocolFeature.CONFIG) != 0) {
            return BLK;
        }
        return rig.offered().has(NetFeature.MRG_RXBUF) ? NET : null;
    }

    /** Lower case, as on the command line. */
    public String word() {
        return this == NET ? "net" : "blk";
    }
}
