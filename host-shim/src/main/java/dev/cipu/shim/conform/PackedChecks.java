package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.util.List;

/** Packed rings as the driver's half sees them: laps, chains over the end, tables, notifications. {@code [virtio-1.4 §2.8]} */
final class PackedChecks {
    private static final FeatureSet PACKED = FeatureSet.of(RingFeature.RING_PACKED);
    private static final int LAPS = 4;

    /** No power of two, and no multiple of the lengths of chains. */
    private static final int ODD_SIZE = 101;

    private static final int INDIRECT_ENTRIES = 16;

    private PackedChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.any(PackedChecks::laps, "PR-010"),
                Check.any(PackedChecks::chainsOverTheEnd, "PR-011"),
                Check.any(PackedChecks::indirect, "PR-013"),
                Check.any(PackedChecks::inOrder, "PR-014"),
                Check.any(PackedChecks::notifications, "PR-015"),
                Check.any(PackedChecks::oddSize, "PR-016"));
    }

    private static Exchange start(Trial trial, FeatureSet more, int size, int indirectEntries) {
        trial.needFeature(RingFeature.RING_PACKED, "RING_PACKED");
        return trial.exchange(PACKED.or(more), size, indirectEntries);
    }

    /** Serves chains one by one until so many laps are done; how many it served. */
    private static int serve(Exchange exchange, int chains, int... cuts) {
        // one sample for all: memory is handed out once
        Exchange.Sample sample = exchange.sample();
        List<Part> parts = Exchange.cut(sample, cuts);
        for (int i = 0; i < chains; i++) {
            exchange.queue().give(parts);
            if (exchange.queue().take(exchange.rig().peer().timeout()) == null || !exchange.isServed(sample)) {
                return i;
            }
        }
        return chains;
    }

    private static void report(Trial trial, String id, int served, int of, String how) {
        trial.check(id, served == of, served + " of " + of + " chains served " + how);
    }

    private static void laps(Trial trial) {
        Exchange exchange = start(trial, FeatureSet.NONE, Exchange.SIZE, 0);
        int chains = LAPS * Exchange.SIZE;
        report(trial, "PR-010", serve(exchange, chains), chains, "over several laps");
    }

    private static void chainsOverTheEnd(Trial trial) {
        Exchange exchange = start(trial, FeatureSet.NONE, Exchange.SIZE, 0);
        int chains = LAPS * Exchange.SIZE;
        report(trial, "PR-011", serve(exchange, chains, 4, 4, 4), chains, "of several descriptors, some over the end");
    }

    private static void indirect(Trial trial) {
        trial.needFeature(RingFeature.INDIRECT_DESC, "INDIRECT_DESC");
        Exchange exchange = start(trial, FeatureSet.of(RingFeature.INDIRECT_DESC), Exchange.SIZE, INDIRECT_ENTRIES);
        int chains = LAPS * Exchange.SIZE;
        report(trial, "PR-013", serve(exchange, chains, 4, 4, 4), chains, "through indirect tables");
    }

    private static void inOrder(Trial trial) {
        trial.needFeature(RingFeature.IN_ORDER, "IN_ORDER");
        Exchange exchange = start(trial, FeatureSet.of(RingFeature.IN_ORDER), Exchange.SIZE, 0);
        int chains = Exchange.SIZE / 4;
        List<Part> parts = exchange.sample().parts();
        for (int i = 0; i < chains; i++) {
            exchange.queue().add(parts);
        }
        exchange.queue().publish();
        int back = 0;
        while (back < chains && exchange.queue().take(trial.peer().timeout()) != null) {
            back++;
        }
        report(trial, "PR-014", back, chains, "in order, in batches or one by one");
    }

    private static void notifications(Trial trial) {
        for (FeatureSet more : List.of(FeatureSet.NONE, FeatureSet.of(RingFeature.EVENT_IDX))) {
            if (!trial.offered().containsAll(more)) {
                continue;
            }
            String how = more.isEmpty() ? "" : " with EVENT_IDX";
            Exchange exchange = start(trial, more, Exchange.SIZE, 0);
            RigQueue queue = exchange.queue();
            queue.ring().suppressCalls();
            trial.need(serve(exchange, 1) == 1, "the device serves nothing");
            trial.watch();
            long before = queue.calls();
            int served = serve(exchange, Exchange.SIZE);
            trial.watch();
            long unwanted = queue.calls() - before;
            trial.check("PR-015", served == Exchange.SIZE && unwanted == 0, unwanted + " calls while off" + how);
            queue.ring().awaitCalls();
            long quiet = queue.calls();
            trial.need(serve(exchange, 1) == 1, "the device serves nothing");
            boolean called =
                    Pause.until(() -> queue.calls() > quiet, trial.peer().timeout());
            trial.check("PR-015", called, (called ? "a call" : "no call") + " when asked for" + how);
        }
    }

    private static void oddSize(Trial trial) {
        Exchange exchange = start(trial, FeatureSet.NONE, ODD_SIZE, 0);
        int chains = LAPS * ODD_SIZE;
        report(trial, "PR-016", serve(exchange, chains, 4), chains, "on a ring of " + ODD_SIZE);
    }
}
