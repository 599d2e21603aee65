package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.FeatureSet;
import org.jspecify.annotations.Nullable;

/** One run of a check on a function: the connection that it works with. */
final class PciTrial extends Findings {
    private final Peer peer;
    private final PciSurvey survey;
    private @Nullable PciRig rig;

    PciTrial(Peer peer, PciSurvey survey) {
        this.peer = peer;
        this.survey = survey;
    }

    Peer peer() {
        return peer;
    }

    PciSurvey survey() {
        return survey;
    }

    boolean isNet() {
        return survey.kind() == DeviceKind.NET;
    }

    boolean offers(int bit) {
        return survey.offered().has(bit);
    }

    /** A fresh connection. The one before is closed: most servers serve one at a time. */
    PciRig connect() {
        close();
        PciRig fresh = PciRig.connect(peer);
        rig = fresh;
        return fresh;
    }

    /** A fresh connection, memory shared, features accepted. */
    PciRig ready(FeatureSet more) {
        return connect().share().accept(more);
    }

    /** Lets time pass in which nothing should happen. */
    void watch() {
        Pause.of(peer.quiet());
    }

    @Override
    public void close() {
        PciRig open = rig;
        rig = null;
        if (open != null) {
            open.close();
        }
    }
}
