package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What holds for chains of any ring format: how they may be framed, what a device must not write, what it says it wrote. The ids are
 * a format's own. {@code [virtio-1.4 §2.6.8, §2.7.4, §2.7.8]}
 */
final class ChainChecks {
    private static final int ROUNDS = 2000;
    private static final int MANY = 12;
    private static final int FRAME = 300;

    /** What buffers to write have in them: the last looks like a request to write. */
    private static final byte[][] PAINTS = {{0}, {-1}, {1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0}};

    /** Where a header is cut: into single bytes, in the middle, across its end. */
    private static final int[][] CUTS = {{1}, {1, 1, 1, 1}, {8}, {8, 4}, {4, 4, 4, 1}, {11}, {15}};

    private final FeatureSet format;
    private final String framing;
    private final String limit;
    private final String readOnly;
    private final String writeOnly;
    private final String lengths;

    private ChainChecks(
            FeatureSet format, String framing, String limit, String readOnly, String writeOnly, String lengths) {
        this.format = format;
        this.framing = framing;
        this.limit = limit;
        this.readOnly = readOnly;
        this.writeOnly = writeOnly;
        this.lengths = lengths;
    }

    static List<Check<Trial>> split() {
        return new ChainChecks(FeatureSet.NONE, "SR-001", "SR-002", "SR-003", "SR-004", "SR-015").checks();
    }

    static List<Check<Trial>> packed() {
        FeatureSet packed = FeatureSet.of(RingFeature.RING_PACKED);
        return new ChainChecks(packed, "PR-008", "PR-009", "PR-004", "PR-005", "PR-012").checks();
    }

    private void needFormat(Trial trial) {
        trial.need(trial.offered().containsAll(format), "RING_PACKED is not offered");
    }

    private Exchange start(Trial trial) {
        needFormat(trial);
        return trial.exchange(format, 0);
    }

    private List<Check<Trial>> checks() {
        return List.of(
                Check.any(this::framing, framing),
                Check.any(this::limit, limit),
                Check.any(this::readableStays, readOnly),
                Check.any(this::writableIsNotInput, writeOnly),
                Check.any(this::lengths, lengths));
    }

    private void framing(Trial trial) {
        Exchange exchange = start(trial);
        for (int[] cut : CUTS) {
            Exchange.Sample sample = exchange.sample();
            String how = "cut at " + Arrays.toString(cut);
            if (!isServed(trial, exchange, sample, Exchange.cut(sample, cut))) {
                trial.fail(framing, how + ": not served");
                return;
            }
        }
        if (!trial.isNet()) {
            Exchange.Sample joined = exchange.sample();
            // data and status lie next to each other: one buffer has both
            List<Part> parts = List.of(joined.parts().getFirst(), Part.writable(joined.in(), exchange.writtenBytes()));
            if (!isServed(trial, exchange, joined, parts)) {
                trial.fail(framing, "data and status in one buffer: not served");
                return;
            }
        }
        trial.pass(framing, CUTS.length + " ways to cut it served");
    }

    private static boolean isServed(Trial trial, Exchange exchange, Exchange.Sample sample, List<Part> parts) {
        exchange.queue().give(parts);
        return exchange.queue().take(trial.peer().timeout()) != null && exchange.isServed(sample);
    }

    private void limit(Trial trial) {
        Exchange exchange = start(trial);
        Exchange.Sample sample = exchange.sample();
        int[] ones = new int[MANY];
        Arrays.fill(ones, 1);
        List<Part> parts = Exchange.cut(sample, ones);
        trial.pass(
                limit,
                "a chain of " + parts.size() + " buffers is "
                        + (isServed(trial, exchange, sample, parts) ? "served" : "not served"));
    }

    private void readableStays(Trial trial) {
        Exchange exchange = start(trial);
        for (int i = 0; i < Exchange.SIZE; i++) {
            Exchange.Sample sample = exchange.sample();
            int bytes = sample.parts().getFirst().length();
            byte[] before = exchange.rig().memory().slice(sample.out(), bytes).toArray(ValueLayout.JAVA_BYTE);
            trial.need(exchange.serve(sample), "the device serves nothing");
            byte[] after = exchange.rig().memory().slice(sample.out(), bytes).toArray(ValueLayout.JAVA_BYTE);
            if (!Arrays.equals(before, after)) {
                trial.fail(
                        readOnly,
                        "chain " + i + ": a buffer to read has changed at byte " + Arrays.mismatch(before, after));
                return;
            }
        }
        trial.pass(readOnly, Exchange.SIZE + " buffers are as they were");
    }

    /** That a buffer is read cannot be seen; that the answer depends on what was in it can. */
    private void writableIsNotInput(Trial trial) {
        needFormat(trial);
        String wrong = trial.isNet() ? paintedFrames(trial) : paintedReads(trial);
        trial.check(
                writeOnly,
                wrong == null,
                wrong == null ? "whatever was in a buffer to write, the answer is the same" : wrong);
    }

    private @Nullable String paintedReads(Trial trial) {
        Exchange exchange = start(trial);
        byte[] first = null;
        for (byte[] paint : PAINTS) {
            Exchange.Sample sample = exchange.sample();
            int room = exchange.writtenBytes();
            MemorySegment in = exchange.rig().memory().slice(sample.in(), room);
            for (int i = 0; i < room; i++) {
                in.set(ValueLayout.JAVA_BYTE, i, paint[i % paint.length]);
            }
            trial.need(exchange.serve(sample), "the device serves nothing");
            byte[] answer = in.toArray(ValueLayout.JAVA_BYTE);
            if (first != null && !Arrays.equals(first, answer)) {
                return "what is read depends on what was in the buffer, from byte " + Arrays.mismatch(first, answer)
                        + " on";
            }
            first = answer;
        }
        return null;
    }

    private @Nullable String paintedFrames(Trial trial) {
        NetChecks.needReflection(trial);
        Reflection reflection = Reflection.start(trial, format, MANY, Reflection.BIG_BUFFER);
        for (byte[] paint : PAINTS) {
            reflection.paint(paint);
            String problem = NetChecks.lost(reflection, Reflection.plainHeader(), Frames.plain(FRAME, paint.length));
            if (problem != null) {
                return "a frame into a buffer with something in it: " + problem;
            }
        }
        return null;
    }

    /** The length counts what was really written, from the first writable byte on. */
    private void lengths(Trial trial) {
        Exchange exchange = start(trial);
        int room = exchange.writtenBytes();
        long largest = 0;
        for (int i = 0; i < Exchange.SIZE; i++) {
            Exchange.Sample sample = exchange.sample();
            exchange.queue().give(sample.parts());
            RigQueue.Used used = exchange.queue().take(trial.peer().timeout());
            if (used == null) {
                throw new Skipped("the device serves nothing");
            }
            largest = Math.max(largest, used.length());
            if (used.length() > room) {
                trial.fail(lengths, "length " + used.length() + " of a chain with " + room + " bytes to write");
                return;
            }
        }
        if (!trial.isNet()) {
            String wrong = partlyWritten(exchange);
            if (wrong != null) {
                trial.fail(lengths, wrong);
                return;
            }
        }
        trial.pass(lengths, "never above what was written: at most " + largest + " of " + room);
    }

    /** Nobody can tell how much of a request that fails was written but by looking: data that stayed as it was does not count. */
    private static @Nullable String partlyWritten(Exchange exchange) {
        Exchange.Sample sample = exchange.sample();
        exchange.rig().memory().slice(sample.out(), 16).set(Le.LONG_UNALIGNED, 8, 1L << 50);
        exchange.queue().give(sample.parts());
        RigQueue.Used used = exchange.queue().take(exchange.rig().peer().timeout());
        if (used == null) {
            return null;
        }
        int room = exchange.writtenBytes();
        byte[] data = exchange.rig().memory().slice(sample.in(), room).toArray(ValueLayout.JAVA_BYTE);
        int written = 0;
        while (written < room && (written == room - 1 || data[written] != (byte) 0xa5)) {
            written++;
        }
        return used.length() > written
                ? "length " + used.length() + " of a request that failed after " + written + " bytes"
                : null;
    }

    /** Split rings only: a length must be there when its index is. */
    static void lengthBeforeIndex(Trial trial) {
        Exchange exchange = trial.exchange(FeatureSet.NONE, 0);
        RigQueue queue = exchange.queue();
        queue.ring().suppressCalls();
        Exchange.Sample sample = exchange.sample();
        // an element of the lap before would have the other length
        List<Part> longer = sample.parts();
        List<Part> shorter = trial.isNet()
                ? longer
                : List.of(
                        longer.get(0),
                        Part.writable(sample.in(), 512),
                        Part.writable(sample.in() + exchange.writtenBytes() - 1, 1));
        long[] known = {-1, -1};
        for (int i = 0; i < ROUNDS; i++) {
            int which = i / Exchange.SIZE & 1;
            queue.give(which == 0 ? longer : shorter);
            RigQueue.Used used = queue.take(trial.peer().timeout());
            if (used == null) {
                throw new Skipped("the device stopped after " + i + " chains");
            }
            if (known[which] < 0) {
                known[which] = used.length();
            } else if (known[which] != used.length()) {
                trial.fail("SR-014", "length " + used.length() + " instead of " + known[which] + " at round " + i);
                return;
            }
        }
        trial.pass("SR-014", ROUNDS + " lengths were right when their index appeared");
        trial.pass(
                "SR-016",
                "lengths of " + known[0] + " and " + known[1] + " for " + exchange.writtenBytes() + " and "
                        + (trial.isNet() ? 0 : 513) + " bytes");
    }

    /** Split rings only: nobody but the driver writes descriptors. */
    static void tableStays(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        for (int i = 0; i < Exchange.SIZE; i++) {
            Exchange.Sample sample = exchange.sample();
            int used = exchange.queue().raw().usedIndex();
            exchange.queue().raw().offer(exchange.queue().raw().chain(sample.parts()));
            byte[] before = exchange.queue().raw().table();
            exchange.queue().raw().publish();
            exchange.queue().kick();
            trial.need(exchange.awaitUsed(used + 1), "the device serves nothing");
            byte[] after = exchange.queue().raw().table();
            if (!Arrays.equals(before, after)) {
                trial.fail("SR-005", "byte " + Arrays.mismatch(before, after) + " of the table has changed");
                return;
            }
        }
        trial.pass("SR-005", Exchange.SIZE + " chains, and the table is as it was");
    }

    static List<Check<Trial>> splitOnly() {
        return List.of(
                Check.any(ChainChecks::tableStays, "SR-005"),
                Check.any(ChainChecks::lengthBeforeIndex, "SR-014", "SR-016"),
                Check.any(ChainChecks::writeFlagOfIndirect, "SR-006"),
                Check.any(ChainChecks::indirectLast, "SR-007"));
    }

    private static Exchange indirect(Trial trial) {
        trial.needFeature(RingFeature.INDIRECT_DESC, "INDIRECT_DESC");
        return trial.rawExchange(FeatureSet.of(RingFeature.INDIRECT_DESC), 0);
    }

    private static void writeFlagOfIndirect(Trial trial) {
        Exchange exchange = indirect(trial);
        Exchange.Sample sample = exchange.sample();
        boolean served = giveIndirect(exchange, sample, 0, true);
        trial.check(
                "SR-006", served, "an indirect descriptor with the write flag is " + (served ? "served" : "refused"));
    }

    private static void indirectLast(Trial trial) {
        Exchange exchange = indirect(trial);
        int most = 3;
        for (int direct = 0; direct < most; direct++) {
            if (!giveIndirect(exchange, exchange.sample(), direct, false)) {
                trial.fail("SR-007", direct + " descriptors before the indirect one: not served");
                return;
            }
        }
        trial.pass("SR-007", "0.." + (most - 1) + " descriptors before the indirect one served");
    }

    private static boolean giveIndirect(Exchange exchange, Exchange.Sample sample, int direct, boolean write) {
        List<Part> parts = Exchange.cut(sample, 4, 4, 4);
        var raw = exchange.queue().raw();
        List<Part> inTable = parts.subList(direct, parts.size());
        int before = raw.usedIndex();
        long table = raw.table(inTable);
        List<Part> chain = new java.util.ArrayList<>(parts.subList(0, direct));
        chain.add(new Part(table, 16 * inTable.size(), write));
        raw.offer(raw.chain(chain, dev.cipu.virtio.ring.SplitLayout.FLAG_INDIRECT));
        raw.publish();
        exchange.queue().kick();
        return exchange.awaitUsed(before + 1) && exchange.isServed(sample);
    }
}
