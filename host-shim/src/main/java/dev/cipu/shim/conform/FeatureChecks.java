package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.RingFeatures;
import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetFeatures;
import java.util.ArrayList;
import java.util.List;

/** Basic facilities: feature bits, the status field, reset. {@code [virtio-1.4 §2.1, §2.2, §2.4, §6]} */
final class FeatureChecks {
    /**
     * Not of the current standard and still offered with right: dirty logging of vhost, notify-on-empty, any-layout and the
     * segmentation of legacy devices.
     */
    private static final FeatureSet TOLERATED = FeatureSet.of(6, 24, 26, 27);

    private static final String NO_STATUS = "the back-end has no status (protocol feature STATUS)";

    private FeatureChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.any(FeatureChecks::versionOne, "BF-025", "BF-026"),
                Check.any(FeatureChecks::dependencies, "BF-004"),
                Check.any(FeatureChecks::knownBits, "BF-007"),
                Check.any(FeatureChecks::subsets, "BF-005"),
                Check.rough(FeatureChecks::unofferedBits, "BF-006"),
                Check.any(FeatureChecks::sameAgain, "BF-008"),
                Check.any(FeatureChecks::statusAfterReset, "BF-009"),
                Check.any(FeatureChecks::quietAfterReset, "BF-010"),
                Check.any(FeatureChecks::quietBeforeDriverOk, "BF-001"),
                Check.rough(FeatureChecks::needsReset, "BF-002"),
                Check.any(FeatureChecks::configBeforeFeatures, "BF-011"),
                Check.any(FeatureChecks::ringReset, "BF-012", "BF-013", "BF-014"),
                Check.any(FeatureChecks::inOrder, "BF-029"));
    }

    private static List<Feature> features(Trial trial) {
        List<Feature> all = new ArrayList<>(RingFeatures.ALL);
        all.addAll(trial.isNet() ? NetFeatures.ALL : BlkFeatures.ALL);
        return all;
    }

    private static void versionOne(Trial trial) {
        boolean offered = trial.offered().has(RingFeature.VERSION_1);
        trial.check("BF-025", offered, "offered: " + trial.offered());
        Rig rig = trial.connect();
        boolean accepted;
        try {
            accepted = rig.tryFeatures(FeatureSet.NONE);
            rig.link().askNumber(Request.GET_FEATURES);
        } catch (LinkException e) {
            accepted = false;
        }
        trial.pass("BF-026", accepted ? "it goes on without VERSION_1" : "it refuses to go on without VERSION_1");
    }

    private static void dependencies(Trial trial) {
        List<String> unmet = features(trial).stream()
                .filter(feature -> trial.offered().has(feature.bit()) && !feature.isMetBy(trial.offered()))
                .map(Feature::name)
                .toList();
        // over vhost-user the front-end adds the control queue and with it the bit that others need
        FeatureSet withControl = trial.isNet() ? trial.offered().with(NetFeature.CTRL_VQ) : trial.offered();
        List<String> broken = features(trial).stream()
                .filter(feature -> trial.offered().has(feature.bit()) && !feature.isMetBy(withControl))
                .map(Feature::name)
                .toList();
        trial.check(
                "BF-004",
                broken.isEmpty(),
                broken.isEmpty()
                        ? "each has what it needs"
                                + (unmet.isEmpty() ? "" : "; CTRL_VQ for " + unmet + " is the front-end's")
                        : "offered without what they need: " + broken);
    }

    private static void knownBits(Trial trial) {
        FeatureSet known = TOLERATED;
        for (Feature feature : features(trial)) {
            known = known.with(feature.bit());
        }
        FeatureSet unknown = trial.offered().minus(known);
        trial.check(
                "BF-007",
                unknown.isEmpty(),
                unknown.isEmpty() ? "no unknown bit" : "offered without meaning: " + unknown);
    }

    /** Nothing but VERSION_1; each feature with what it needs; all of them. */
    private static List<FeatureSet> validSubsets(Trial trial) {
        FeatureSet offered = trial.offered();
        FeatureSet least = trial.least().and(offered);
        List<FeatureSet> subsets = new ArrayList<>(List.of(least));
        for (Feature feature : features(trial)) {
            if (offered.has(feature.bit()) && feature.bit() != RingFeature.VERSION_1) {
                subsets.add(closed(trial, least.with(feature.bit())));
            }
        }
        subsets.add(offered);
        return subsets;
    }

    /** The set and what its features need, and what that needs in turn. */
    private static FeatureSet closed(Trial trial, FeatureSet set) {
        FeatureSet grown = set;
        FeatureSet before;
        do {
            before = grown;
            for (Feature feature : features(trial)) {
                for (FeatureSet any : before.has(feature.bit()) ? feature.requires() : List.<FeatureSet>of()) {
                    grown = grown.or(any.and(trial.offered()));
                }
            }
        } while (!grown.equals(before));
        return grown;
    }

    private static void subsets(Trial trial) {
        int count = 0;
        for (FeatureSet subset : validSubsets(trial)) {
            Rig rig = trial.connect();
            boolean accepted = rig.tryFeatures(subset);
            rig.link().askNumber(Request.GET_FEATURES);
            if (!accepted) {
                trial.fail("BF-005", "refused: " + subset);
                return;
            }
            count++;
        }
        trial.pass("BF-005", count + " subsets accepted");
    }

    private static void unofferedBits(Trial trial) {
        int bit = 63;
        while (trial.offered().has(bit)) {
            bit--;
        }
        FeatureSet wrong = trial.offered().with(bit);
        Rig rig = trial.connect();
        if (!rig.has(ProtocolFeature.STATUS) && !rig.has(ProtocolFeature.REPLY_ACK)) {
            throw new Skipped("the back-end can neither show a status nor refuse a message");
        }
        boolean accepted;
        try {
            accepted = rig.tryFeatures(wrong);
        } catch (LinkException e) {
            trial.pass("BF-006", "bit " + bit + ", not offered, ends the connection");
            return;
        }
        trial.check("BF-006", !accepted, "bit " + bit + ", not offered, is " + (accepted ? "accepted" : "refused"));
    }

    private static void sameAgain(Trial trial) {
        Rig rig = trial.connect();
        FeatureSet set = trial.offered();
        boolean first = rig.tryFeatures(set);
        boolean again;
        String how;
        if (rig.canReset()) {
            rig.reset();
            again = rig.tryFeatures(set);
            how = "after a reset";
        } else {
            again = trial.connect().tryFeatures(set);
            how = "after a new connection";
        }
        trial.check("BF-008", again || !first, (again ? "accepted " : "refused ") + how);
    }

    private static void statusAfterReset(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.STATUS), NO_STATUS);
        rig.accept(trial.least());
        int before = rig.status();
        rig.status(0);
        trial.check("BF-009", rig.status() == 0, "status " + before + ", after the reset " + rig.status());
    }

    private static void quietAfterReset(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        Rig rig = exchange.rig();
        trial.need(rig.canReset(), "the back-end knows no reset (protocol features STATUS, RESET_DEVICE)");
        Exchange.Sample sample = exchange.sample();
        trial.need(exchange.serveRaw(sample), "the device serves nothing");
        trial.watch();
        rig.reset();
        RigQueue queue = exchange.queue();
        long calls = queue.calls();
        queue.raw().give(exchange.sample().parts());
        queue.kick();
        trial.watch();
        boolean used = queue.raw().usedIndex() != 1;
        boolean called = queue.calls() != calls;
        String seen = (used ? "a chain is used" : "no chain is used") + " after the reset, "
                + (called ? "with a call" : "without a call");
        trial.check("BF-010", !used && !called, seen);
    }

    private static void quietBeforeDriverOk(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.STATUS), NO_STATUS);
        rig.accept(trial.least()).share();
        RigQueue queue = rig.rawQueue(trial.queueIndex(), Exchange.SIZE);
        if (trial.isNet()) {
            Exchange.startReceiveq(rig);
        }
        rig.start(queue, 0);
        Exchange exchange = trial.exchangeOn(rig, queue);
        // many back-ends signal a call descriptor once when it arrives, for a call that its predecessor may have missed
        rig.link().askNumber(Request.GET_FEATURES);
        long calls = queue.calls();
        queue.raw().give(exchange.sample().parts());
        queue.kick();
        trial.watch();
        boolean quiet = queue.raw().usedIndex() == 0 && queue.calls() == calls;
        rig.driverOk();
        queue.kick();
        boolean served = exchange.awaitUsed(1);
        trial.check(
                "BF-001",
                quiet && served,
                !quiet ? "a chain is used before DRIVER_OK" : served ? "used after DRIVER_OK only" : "never used");
    }

    private static void needsReset(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        Rig rig = exchange.rig();
        trial.need(rig.has(ProtocolFeature.STATUS), NO_STATUS);
        long nowhere = Rig.GUEST - (1L << 30);
        exchange.queue().raw().give(List.of(Part.readable(nowhere, 64), Part.writable(nowhere, 64)));
        exchange.queue().kick();
        trial.watch();
        int status;
        try {
            status = rig.status();
        } catch (LinkException e) {
            trial.pass("BF-002", "a buffer outside memory ends the connection");
            return;
        }
        boolean raised = (status & DeviceStatus.NEEDS_RESET) != 0;
        boolean dropped = exchange.queue().raw().usedIndex() == 1;
        trial.check(
                "BF-002",
                raised || dropped,
                "a buffer outside memory: status " + status + (dropped ? ", and the device goes on" : ""));
    }

    private static void configBeforeFeatures(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.CONFIG), "the back-end shows no configuration space");
        byte[] config = rig.config(0, trial.isNet() ? 8 : 60);
        trial.pass("BF-011", config.length + " bytes read before any feature was accepted");
    }

    /** A front-end resets a queue by stopping its ring. */
    private static void ringReset(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        Rig rig = exchange.rig();
        RigQueue queue = exchange.queue();
        trial.need(exchange.serveRaw(exchange.sample()), "the device serves nothing");
        trial.watch();
        rig.stop(queue);
        long calls = queue.calls();
        queue.raw().give(exchange.sample().parts());
        queue.kick();
        trial.watch();
        boolean quiet = queue.raw().usedIndex() == 1 && queue.calls() == calls;
        trial.check("BF-012", quiet, quiet ? "a stopped ring is left alone" : "a stopped ring is served");
        RigQueue fresh = rig.rawQueue(queue.index(), 2 * Exchange.SIZE);
        rig.start(fresh, 0);
        rig.link().askNumber(Request.GET_FEATURES);
        Exchange again = trial.exchangeOn(rig, fresh);
        boolean served = true;
        for (int i = 0; i < 2 * Exchange.SIZE + 1 && served; i++) {
            Exchange.Sample sample = again.sample();
            served = again.serveRaw(sample) && again.isServed(sample);
        }
        trial.check("BF-013", served, served ? "it starts again from index 0" : "it does not start again from index 0");
        trial.check(
                "BF-014",
                served,
                (served ? "twice the size is honoured: " : "twice the size is not honoured: ")
                        + fresh.raw().usedIndex() + " chains used");
    }

    private static void inOrder(Trial trial) {
        trial.needFeature(RingFeature.IN_ORDER, "IN_ORDER");
        Exchange exchange = trial.rawExchange(FeatureSet.of(RingFeature.IN_ORDER), 0);
        int count = Exchange.SIZE / 4;
        int[] heads = new int[count];
        for (int i = 0; i < count; i++) {
            heads[i] = exchange.queue().raw().chain(exchange.sample().parts());
            exchange.queue().raw().offer(heads[i]);
        }
        exchange.queue().raw().publish();
        exchange.queue().kick();
        trial.need(exchange.awaitUsed(count), "the device does not serve all chains");
        for (int i = 0; i < count; i++) {
            // a device may write the last entry of a batch only
            boolean skipped = i < count - 1
                    && exchange.queue().raw().usedHead(i) == 0
                    && exchange.queue().raw().usedLength(i) == 0;
            if (!skipped && exchange.queue().raw().usedHead(i) != heads[i]) {
                trial.fail(
                        "BF-029",
                        "chain " + i + " was head " + heads[i] + ", used is "
                                + exchange.queue().raw().usedHead(i));
                return;
            }
        }
        trial.pass("BF-029", count + " chains used in order");
    }
}
