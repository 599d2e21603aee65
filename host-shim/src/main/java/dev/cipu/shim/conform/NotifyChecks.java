package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.RawRing;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.ring.SplitLayout;
import java.util.List;

/** Who is notified of what on a split ring, by flag and by index. {@code [virtio-1.4 §2.7.7, §2.7.10]} */
final class NotifyChecks {
    private static final int SPURIOUS = 1000;

    /** Chains before the indices wrap, and chains in all. */
    private static final int BEFORE_WRAP = 5;

    private static final int OVER_WRAP = 12;

    private NotifyChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.any(NotifyChecks::flagClear, "SR-008", "SR-010"),
                Check.any(NotifyChecks::flagSet, "SR-009"),
                Check.any(NotifyChecks::flagWithIndex, "SR-011"),
                Check.any(NotifyChecks::callAtIndex, "SR-012"),
                Check.any(NotifyChecks::noCallElsewhere, "SR-013"),
                Check.any(NotifyChecks::usedFlags, "SR-017", "SR-018"),
                Check.any(NotifyChecks::usedFlagsWithIndex, "SR-019", "SR-020"),
                Check.any(NotifyChecks::spuriousKicks, "SR-021"));
    }

    private static Exchange byIndex(Trial trial, int base) {
        trial.needFeature(RingFeature.EVENT_IDX, "EVENT_IDX");
        return trial.rawExchange(FeatureSet.of(RingFeature.EVENT_IDX), base);
    }

    private static void serveOrSkip(Trial trial, Exchange exchange) {
        trial.need(exchange.serveRaw(exchange.sample()), "the device serves nothing");
    }

    /** Whether a call comes that was not there before. */
    private static boolean called(Trial trial, RigQueue queue, long before) {
        return Pause.until(() -> queue.calls() > before, trial.peer().timeout());
    }

    private static void flagClear(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        RigQueue queue = exchange.queue();
        queue.raw().availFlags(0);
        // far away: a device that went by it would not call
        queue.raw().usedEvent(0x4000);
        for (int i = 0; i < 3; i++) {
            long before = queue.calls();
            serveOrSkip(trial, exchange);
            if (!called(trial, queue, before)) {
                trial.fail("SR-010", "chain " + i + " is used without a call");
                trial.fail("SR-008", "chain " + i + " is used without a call");
                return;
            }
        }
        trial.pass("SR-010", "a call for each chain");
        trial.pass("SR-008", "a call for each chain, whatever used_event says");
    }

    private static void flagSet(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        RigQueue queue = exchange.queue();
        queue.raw().availFlags(SplitLayout.AVAIL_NO_INTERRUPT);
        long before = queue.calls();
        for (int i = 0; i < SPURIOUS / 100; i++) {
            serveOrSkip(trial, exchange);
        }
        trial.watch();
        long calls = queue.calls() - before;
        trial.check("SR-009", calls == 0, calls + " calls for 10 chains although the flag says none");
    }

    private static void flagWithIndex(Trial trial) {
        Exchange exchange = byIndex(trial, 0);
        RigQueue queue = exchange.queue();
        queue.raw().availFlags(SplitLayout.AVAIL_NO_INTERRUPT);
        queue.raw().usedEvent(0);
        long before = queue.calls();
        serveOrSkip(trial, exchange);
        boolean called = called(trial, queue, before);
        trial.check("SR-011", called, called ? "a call although the flag says none" : "no call: the flag was believed");
    }

    /** A call whenever the index that was asked for is passed, over the wrap too. */
    private static void callAtIndex(Trial trial) {
        int base = SplitLayout.wrap(-BEFORE_WRAP);
        Exchange exchange = byIndex(trial, base);
        RigQueue queue = exchange.queue();
        RawRing raw = queue.raw();
        for (int i = 0; i < OVER_WRAP; i++) {
            int index = SplitLayout.wrap(base + i);
            raw.usedEvent(index);
            long before = queue.calls();
            serveOrSkip(trial, exchange);
            if (!called(trial, queue, before)) {
                trial.fail("SR-012", "no call at index " + index);
                return;
            }
        }
        trial.pass("SR-012", "a call at each of " + OVER_WRAP + " indices from " + base + " on");
    }

    private static void noCallElsewhere(Trial trial) {
        int base = SplitLayout.wrap(-BEFORE_WRAP);
        Exchange exchange = byIndex(trial, base);
        RigQueue queue = exchange.queue();
        queue.raw().usedEvent(base + 0x4000);
        serveOrSkip(trial, exchange);
        trial.watch();
        // DPDK and others call for the first chain in any case
        long first = queue.calls();
        for (int i = 1; i < OVER_WRAP; i++) {
            serveOrSkip(trial, exchange);
        }
        trial.watch();
        long calls = queue.calls() - first;
        trial.check(
                "SR-013",
                calls == 0,
                calls + " calls for " + (OVER_WRAP - 1) + " chains far from used_event"
                        + (first > 0 ? ", " + first + " for the first one" : ""));
    }

    private static void usedFlags(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        int seen = watchFlags(trial, exchange);
        trial.check("SR-017", (seen & ~1) == 0, "used.flags has bits 0x" + Integer.toHexString(seen));
        trial.pass("SR-018", (seen & 1) != 0 ? "it suppresses kicks at times" : "it always wants kicks");
    }

    private static void usedFlagsWithIndex(Trial trial) {
        Exchange exchange = byIndex(trial, 0);
        int seen = watchFlags(trial, exchange);
        trial.check("SR-019", seen == 0, "used.flags has bits 0x" + Integer.toHexString(seen));
        RawRing raw = exchange.queue().raw();
        int distance = SplitLayout.wrap(raw.availEvent() - raw.availIndex());
        trial.pass(
                "SR-020",
                "avail_event is " + (short) distance + " from the available index after " + raw.availIndex()
                        + " chains");
    }

    private static int watchFlags(Trial trial, Exchange exchange) {
        int seen = exchange.queue().raw().usedFlags();
        for (int i = 0; i < Exchange.SIZE; i++) {
            serveOrSkip(trial, exchange);
            seen |= exchange.queue().raw().usedFlags();
        }
        trial.watch();
        return seen | exchange.queue().raw().usedFlags();
    }

    private static void spuriousKicks(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        RigQueue queue = exchange.queue();
        serveOrSkip(trial, exchange);
        for (int i = 0; i < SPURIOUS; i++) {
            queue.kick();
        }
        trial.watch();
        boolean still = queue.raw().usedIndex() == 1;
        Exchange.Sample sample = exchange.sample();
        boolean served = exchange.serveRaw(sample) && exchange.isServed(sample);
        trial.check(
                "SR-021",
                still && served,
                SPURIOUS + " kicks for nothing: "
                        + (!still ? "something was used" : served ? "nothing used, and it goes on" : "it is stuck"));
    }
}
