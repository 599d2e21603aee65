package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkFeature;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One run of a check: the connection that it works with, and what it has found so far. */
final class Trial implements AutoCloseable {
    /** A verdict and what led to it. */
    record Finding(Verdict verdict, String seen) {}

    private final Peer peer;
    private final Survey survey;
    private final Map<String, Finding> findings = new LinkedHashMap<>();
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

    /** Reports a demand as met or not; the first failure of a demand stays. */
    void check(String id, boolean met, String seen) {
        Finding before = findings.get(id);
        if (before == null || (before.verdict() == Verdict.PASS && !met)) {
            findings.put(id, new Finding(met ? Verdict.PASS : Verdict.FAIL, seen));
        }
    }

    void pass(String id, String seen) {
        check(id, true, seen);
    }

    void fail(String id, String seen) {
        check(id, false, seen);
    }

    void skip(String id, String why) {
        findings.putIfAbsent(id, new Finding(Verdict.SKIP, why));
    }

    /** Ends the check unless the condition holds: what it has not reported is skipped for this reason. */
    void need(boolean condition, String why) {
        if (!condition) {
            throw new Skipped(why);
        }
    }

    void needFeature(int bit, String name) {
        need(offered().has(bit), name + " is not offered");
    }

    /** Lets time pass in which nothing should happen. */
    void watch() {
        Pause.of(peer.quiet());
    }

    Map<String, Finding> findings() {
        return findings;
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
