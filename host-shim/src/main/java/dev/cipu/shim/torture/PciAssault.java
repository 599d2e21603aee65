package dev.cipu.shim.torture;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.VfioClient;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import org.jspecify.annotations.Nullable;

/** One round of an attack on a PCI function: the connection that it makes, and how the server took what was done. */
final class PciAssault extends Encounter {
    private final Peer peer;
    private final DeviceKind kind;
    private @Nullable PciRig rig;
    private @Nullable VfioClient client;

    PciAssault(Peer peer, DeviceKind kind) {
        this.peer = peer;
        this.kind = kind;
    }

    Peer peer() {
        return peer;
    }

    DeviceKind kind() {
        return kind;
    }

    /** A fresh connection; the one before is closed. */
    PciRig connect() {
        close();
        PciRig fresh = PciRig.connect(peer);
        rig = fresh;
        return fresh;
    }

    /** A fresh connection on which nothing was said yet. */
    VfioClient open() {
        close();
        VfioClient fresh = VfioClient.open(peer);
        client = fresh;
        return fresh;
    }

    /** A device at work on a fresh connection. */
    PciExchange victim() {
        return PciExchange.start(connect().share().accept(FeatureSet.NONE), kind, CommonLayout.NO_VECTOR);
    }

    /** Sends a command and reports whether it is refused. */
    void order(VfioClient to, String what, int command, byte[] payload, Fd... descriptors) {
        try {
            if (to.attempt(command, payload, descriptors) != 0) {
                refused(what + " refused");
            } else {
                note(what + " taken");
            }
        } catch (LinkException e) {
            ended(what, e);
        }
    }

    /** Sends bytes on a connection of its own, and reports what becomes of that. */
    void bytes(String what, boolean agreed, byte[] bytes) {
        VfioClient to = agreed ? connect().client() : open();
        try {
            to.raw(bytes);
            Pause.of(peer.quiet().dividedBy(4));
            note(what + (to.isPci() ? " ignored" : " answered"));
        } catch (LinkException e) {
            refused(what + " ends the session");
        }
    }

    /** Reports how the device takes the chain that it was given last. */
    void watch(PciExchange exchange) {
        PciRig at = rig;
        if (exchange.take(peer.quiet())) {
            note("chain given back");
        } else if (at != null && (at.status() & DeviceStatus.NEEDS_RESET) != 0) {
            refused("device needs a reset");
        } else {
            refused("ring left alone");
        }
    }

    @Override
    public void close() {
        PciRig open = rig;
        rig = null;
        if (open != null) {
            open.close();
        }
        VfioClient silent = client;
        client = null;
        if (silent != null) {
            silent.close();
        }
    }
}
