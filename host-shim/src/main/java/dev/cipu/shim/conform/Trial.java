package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkFeature;
import org.jspecify.annotations.Nullable;

/** One run of a check on a back-end: the connection that it works with. */
final class Trial extends Findings {
    private final Peer peer;
    private final Survey survey;
    private @Nullable Rig rig;

    Trial(Peer peer, Survey survey) {
        this.peer = peer;
        this.survey = survey;
    }

    Peer peer() {
        return peer;
    }

    Survey survey() {
        return survey;
    }

    FeatureSet offered() {
        return survey.offered();
    }

    /** What a driver has to accept to be served at all. */
    FeatureSet least() {
        return survey.isHostManaged() ? Rig.LEAST.with(BlkFeature.ZONED) : Rig.LEAST;
    }

    boolean isNet() {
        return survey.kind() == DeviceKind.NET;
    }

    /** A fresh connection. The one before is closed: some back-ends serve one at a time. */
    Rig connect() {
        return connect(0);
    }

    Rig connect(long moreProtocol) {
        close();
        Rig fresh = Rig.connect(peer, moreProtocol);
        rig = fresh;
        return fresh;
    }

    /** A fresh connection, features accepted and memory shared. */
    Rig ready(FeatureSet wanted) {
        return connect().accept(wanted).share();
    }

    /** The number of the queue that answers. */
    int queueIndex() {
        return Exchange.index(survey.kind());
    }

    /** A device with its answering queue driven by the rules. */
    Exchange exchange(FeatureSet more, int indirectEntries) {
        return Exchange.start(ready(least().or(more)), survey.kind(), indirectEntries);
    }

    /** As above, with rings of a size. */
    Exchange exchange(FeatureSet more, int size, int indirectEntries) {
        return Exchange.start(ready(least().or(more)), survey.kind(), size, indirectEntries);
    }

    /** A device with its answering queue as a ring of bare fields that starts at an index. */
    Exchange rawExchange(FeatureSet more, int base) {
        return Exchange.startRaw(ready(least().or(more)), survey.kind(), base);
    }

    /** On a ring whose start is the caller's. */
    Exchange exchangeOn(Rig rig, RigQueue queue) {
        return Exchange.on(rig, survey.kind(), queue);
    }

    void needFeature(int bit, String name) {
        need(offered().has(bit), name + " is not offered");
    }

    /** Lets time pass in which nothing should happen. */
    void watch() {
        Pause.of(peer.quiet());
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
