package dev.cipu.shim.torture;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.FeatureSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A virtio function behind a vfio-user socket, attacked as a hostile guest or client would. */
final class FunctionVictim extends Victim<PciAssault> {
    private FunctionVictim(Peer peer, DeviceKind kind) {
        super(peer, kind);
    }

    /** Connects and learns what it is, see {@link Torture#ofFunction}. */
    static FunctionVictim meet(Peer peer, @Nullable DeviceKind kind) {
        try (PciRig rig = PciRig.connect(peer)) {
            DeviceKind type = kind != null ? kind : rig.kind();
            if (type == null) {
                throw new IllegalArgumentException("the device number 0x" + Integer.toHexString(rig.device())
                        + " is neither a network device's nor a disk's; say --type");
            }
            return new FunctionVictim(peer, type);
        }
    }

    /** All attacks by their numbers. */
    static List<Attack<PciAssault>> attacks() {
        return PciAttacks.all();
    }

    @Override
    String name() {
        return "the server";
    }

    @Override
    PciAssault encounter() {
        return new PciAssault(peer(), kind());
    }

    @Override
    boolean serves() {
        try (PciRig rig = PciRig.connect(peer())) {
            rig.share().accept(FeatureSet.NONE);
            return PciExchange.start(rig, kind(), CommonLayout.NO_VECTOR).serve();
        }
    }
}
