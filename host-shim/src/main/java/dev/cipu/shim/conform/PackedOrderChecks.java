package dev.cipu.shim.conform;

import dev.cipu.shim.conform.Reflection.Received;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.PackedFields;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.ring.PackedLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Packed rings field by field: when a descriptor may be used, in which order elements are written, and that they stay as they are.
 * {@code [virtio-1.4 §2.8]}
 */
final class PackedOrderChecks {
    private static final FeatureSet PACKED = FeatureSet.of(RingFeature.RING_PACKED);
    private static final int[] OWNERS = {
        0, PackedLayout.FLAG_AVAIL, PackedLayout.FLAG_USED, PackedLayout.FLAG_AVAIL | PackedLayout.FLAG_USED
    };

    /** Chains that are given at once. */
    static final int CHAINS = 8;

    private static final int ROUNDS = 40;

    private PackedOrderChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.any(PackedOrderChecks::ringOrder, "PR-001"),
                Check.any(PackedOrderChecks::usedElements, "PR-002", "PR-003", "PR-007"),
                Check.any(PackedOrderChecks::onlyAvailable, "PR-006"),
                Check.net(PackedOrderChecks::firstIsUsedLast, "PR-017"));
    }

    private static Exchange start(Trial trial) {
        trial.needFeature(RingFeature.RING_PACKED, "RING_PACKED");
        return trial.exchange(PACKED, 0);
    }

    /** Kicks, and tells whether the ring stays as it is. */
    private static boolean isLeftAlone(Trial trial, Exchange exchange, PackedFields ring) {
        byte[] before = ring.bytes();
        exchange.queue().kick();
        trial.watch();
        return Arrays.equals(before, ring.bytes());
    }

    private static boolean awaitUsed(Trial trial, PackedFields ring, int position) {
        return Pause.until(() -> ring.isUsed(position), trial.peer().timeout());
    }

    /** The second chain is available before the first one is: it has to wait. */
    private static void ringOrder(Trial trial) {
        Exchange exchange = start(trial);
        PackedFields ring = PackedFields.of(exchange.rig(), exchange.queue());
        Exchange.Sample first = exchange.sample();
        Exchange.Sample second = exchange.sample();
        int behind = ring.behind(PackedLayout.START, first.parts().size());
        ring.give(behind, 1, second.parts());
        boolean waited = isLeftAlone(trial, exchange, ring);
        ring.give(PackedLayout.START, 0, first.parts());
        exchange.queue().kick();
        boolean served = awaitUsed(trial, ring, PackedLayout.START) && awaitUsed(trial, ring, behind);
        trial.check(
                "PR-001",
                waited && served,
                !waited
                        ? "a chain is used before the one in front of it is available"
                        : served
                                ? "a chain waits for the one in front of it; then both are used"
                                : "it does not go on once the first chain is available");
    }

    /** Three wrong pairs of bits in the first lap, then in the second. */
    private static void onlyAvailable(Trial trial) {
        Exchange exchange = start(trial);
        PackedFields ring = PackedFields.of(exchange.rig(), exchange.queue());
        Exchange.Sample sample = exchange.sample();
        List<Part> parts = sample.parts();
        int at = PackedLayout.START;
        for (int lap = 1; lap <= 2; lap++) {
            for (int owner : OWNERS) {
                if (owner == PackedLayout.availFlags(at)) {
                    continue;
                }
                ring.give(at, 0, parts, owner);
                if (!isLeftAlone(trial, exchange, ring)) {
                    trial.fail(
                            "PR-006", "flags 0x" + Integer.toHexString(owner) + " are taken for available, lap " + lap);
                    return;
                }
            }
            int wrap = at & PackedLayout.WRAP;
            while ((at & PackedLayout.WRAP) == wrap) {
                ring.give(at, 0, parts);
                exchange.queue().kick();
                if (!awaitUsed(trial, ring, at)) {
                    trial.fail("PR-006", "a chain is not used once it is available, lap " + lap);
                    return;
                }
                at = ring.behind(at, parts.size());
            }
        }
        trial.pass("PR-006", "three wrong pairs of bits in each of two laps are left alone");
    }

    /** Chains of several lengths, all seen at once, under ids that are no positions. */
    private static void usedElements(Trial trial) {
        Exchange exchange = start(trial);
        PackedFields ring = PackedFields.of(exchange.rig(), exchange.queue());
        Map<Integer, Integer> slots = new HashMap<>();
        int end = giveAtOnce(exchange, ring, slots);
        exchange.queue().kick();
        boolean reordered = laterBeforeFirst(trial, ring, end);
        int at = PackedLayout.START;
        Map<Integer, Long> seen = new HashMap<>();
        for (int i = 0; i < CHAINS; i++) {
            if (!awaitUsed(trial, ring, at)) {
                String missing = i + " of " + CHAINS + " elements are where they should be";
                trial.fail("PR-002", missing);
                trial.fail("PR-003", missing);
                return;
            }
            long rest = ring.rest(at);
            seen.put(at, rest);
            Integer length = slots.remove(PackedLayout.id(rest));
            if (length == null) {
                trial.fail(
                        "PR-002", "element " + i + " has the id " + PackedLayout.id(rest) + ", which is not in flight");
                return;
            }
            at = ring.behind(at, length);
        }
        trial.pass("PR-002", CHAINS + " chains of several lengths, each element where the chain before it ended");
        trial.pass(
                "PR-003",
                "all elements are there"
                        + (reordered ? "; a later one was seen first" : ", written from the first on"));
        trial.need(serveAlone(trial, exchange, ring, at), "a chain behind them is not used");
        trial.watch();
        List<Integer> changed = seen.entrySet().stream()
                .filter(element -> ring.rest(element.getKey()) != element.getValue())
                .map(Map.Entry::getKey)
                .toList();
        trial.check(
                "PR-007",
                changed.isEmpty(),
                changed.isEmpty()
                        ? "no element changes once it is there"
                        : "the element at " + PackedLayout.index(changed.getFirst()) + " has changed");
    }

    /** Returns the position behind all of them. */
    private static int giveAtOnce(Exchange exchange, PackedFields ring, Map<Integer, Integer> slots) {
        List<List<Part>> chains = new java.util.ArrayList<>();
        int[] starts = new int[CHAINS];
        int at = PackedLayout.START;
        for (int i = 0; i < CHAINS; i++) {
            int[] ones = new int[i % 3];
            Arrays.fill(ones, 1);
            // cutting the header only keeps all chains within one lap
            Exchange.Sample sample = exchange.sample();
            List<Part> parts =
                    new java.util.ArrayList<>(sample.parts().getFirst().cut(ones));
            parts.addAll(sample.parts().subList(1, sample.parts().size()));
            chains.add(parts);
            starts[i] = at;
            at = ring.behind(at, parts.size());
        }
        for (int i = CHAINS - 1; i >= 0; i--) {
            int id = 5 + 7 * i % ring.size();
            slots.put(id, chains.get(i).size());
            ring.give(starts[i], id, chains.get(i));
        }
        return at;
    }

    /** Whether an element shows before the first one does. */
    private static boolean laterBeforeFirst(Trial trial, PackedFields ring, int end) {
        boolean[] later = new boolean[1];
        Pause.until(
                () -> {
                    for (int at = PackedLayout.START + 1; at != end; at = ring.behind(at, 1)) {
                        later[0] |= ring.isUsed(at) && !ring.isUsed(PackedLayout.START);
                    }
                    return ring.isUsed(PackedLayout.START);
                },
                trial.peer().timeout());
        return later[0];
    }

    private static boolean serveAlone(Trial trial, Exchange exchange, PackedFields ring, int at) {
        ring.give(at, 0, exchange.sample().parts());
        exchange.queue().kick();
        return awaitUsed(trial, ring, at);
    }

    /** Once the first buffer of a frame is used all of them are. */
    private static void firstIsUsedLast(Trial trial) {
        trial.needFeature(RingFeature.RING_PACKED, "RING_PACKED");
        trial.needFeature(NetFeature.MRG_RXBUF, "MRG_RXBUF");
        NetChecks.needReflection(trial);
        int buffer = 256;
        int bytes = 1500;
        Reflection reflection = Reflection.start(trial, PACKED.with(NetFeature.MRG_RXBUF), 64, buffer);
        for (int round = 0; round < ROUNDS; round++) {
            Received received = reflection.echo(Reflection.plainHeader(), Frames.plain(bytes, round));
            if (received == null) {
                throw new Skipped("a frame of " + bytes + " bytes does not come back");
            }
            int buffers = received.lengths().size();
            trial.need(buffers > 1, "a frame of " + bytes + " bytes comes in one buffer of " + buffer);
            if (!received.together()) {
                trial.fail("PR-017", "the first buffer of a frame is used before the other " + (buffers - 1) + " are");
                return;
            }
            for (int i = 0; i < buffers; i++) {
                reflection.refill();
            }
        }
        trial.pass("PR-017", ROUNDS + " frames of several buffers: the first was used last");
    }
}
