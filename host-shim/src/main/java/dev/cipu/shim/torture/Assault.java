package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.RawRing;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One round of an attack: the connections that it makes, and how the back-end took what was done. */
final class Assault extends Encounter {
    /** How often a ring is looked at before it counts as left alone. */
    private static final int LOOKS = 5;

    private final Peer peer;
    private final DeviceKind kind;
    private final FeatureSet offered;
    private @Nullable Rig rig;

    Assault(Peer peer, DeviceKind kind, FeatureSet offered) {
        this.peer = peer;
        this.kind = kind;
        this.offered = offered;
    }

    Peer peer() {
        return peer;
    }

    DeviceKind kind() {
        return kind;
    }

    FeatureSet offered() {
        return offered;
    }

    /** A fresh connection; the one before is closed. */
    Rig connect() {
        return connect(0);
    }

    Rig connect(long moreProtocol) {
        close();
        Rig fresh = Rig.connect(peer, moreProtocol);
        rig = fresh;
        return fresh;
    }

    Rig ready(FeatureSet more) {
        return connect().accept(Rig.LEAST.or(more)).share();
    }

    /** A device at work on a fresh connection. */
    Exchange victim(FeatureSet more) {
        return Exchange.startRaw(ready(more), kind, 0);
    }

    /** Starts a device, spoils its ring, publishes and kicks, and reports what comes of it. */
    void onRing(FeatureSet more, Consumer<Exchange> spoil) {
        Exchange victim = victim(more);
        spoil.accept(victim);
        watch(victim);
    }

    /** As above for one chain that is offered as it stands. */
    void onChain(Consumer<RawRing> spoil) {
        onRing(FeatureSet.NONE, victim -> {
            RawRing raw = victim.queue().raw();
            spoil.accept(raw);
            raw.offer(0);
            raw.publish();
        });
    }

    /** Kicks the ring and reports how the back-end takes what is in it. */
    void watch(Exchange victim) {
        victim.queue().kick();
        RawRing ring = victim.queue().raw();
        // what was published without being offered is a lie that nothing answers
        int offered = ring.availIndex();
        boolean error = false;
        boolean served = false;
        for (int i = 0; i < LOOKS && !error && !served; i++) {
            Pause.of(peer.quiet().dividedBy(2));
            error = victim.queue().takeError();
            served = offered > 0 && ring.usedIndex() == offered;
        }
        if (error) {
            refused("ring stopped, error event");
        } else if (!isAnswering(victim.rig())) {
            refused("session closed");
        } else if (served) {
            note("chain given back");
        } else {
            refused("ring left alone");
        }
    }

    /** Sends an order and reports whether it is refused. */
    void order(Rig to, String what, int request, byte[] payload, dev.cipu.shim.posix.Fd... descriptors) {
        try {
            long answer = to.link().order(request, payload, descriptors);
            to.link().askNumber(Request.GET_FEATURES);
            if (answer != 0) {
                refused(what + " refused");
            } else {
                note(what + " taken");
            }
        } catch (LinkException e) {
            ended(what, e);
        }
    }

    boolean isAnswering(Rig to) {
        try {
            to.link().askNumber(Request.GET_FEATURES);
            return true;
        } catch (LinkException e) {
            return false;
        }
    }

    @Override
    public void close() {
        Rig open = rig;
        rig = null;
        if (open != null) {
            open.close();
        }
    }
}
