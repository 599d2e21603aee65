package dev.cipu.shim.replay;

import dev.cipu.shim.trace.ByKey;
import dev.cipu.shim.trace.TracedDevice;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Spread;
import dev.cipu.virtio.blk.BlkRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Counts what a tape has. Its memory depends on how many queues there are, not on how much passed them. */
final class Survey {
    private static final long LONGEST = 1_000_000_000_000L;
    private static final int DIGITS = 3;

    /** Queues that one trace may have at most: more than any card, fewer than a foreign file can name. */
    private static final int MOST_QUEUES = 1 << 16;

    private final Path directory;
    private final ByKey<QueueCount> queues = new ByKey<>();
    private final Map<Operation, KindCount> kinds = new EnumMap<>(Operation.class);

    private static final class QueueCount {
        private final long key;
        private final TracedDevice device;
        private final int index;
        private final Operation operation;
        private long count;
        private int longest;
        private long sectorEnd;

        QueueCount(long key, Transaction first, Operation operation) {
            this.key = key;
            device = first.device();
            index = first.queue();
            this.operation = operation;
        }
    }

    private static final class KindCount {
        private final Histogram recorded = new Histogram(LONGEST, DIGITS);
        private long count;
        private long bytes;
    }

    Survey(Path directory) {
        this.directory = directory;
    }

    Contents of(Tape tape) {
        boolean ended = tape.isEnded();
        while (tape.next()) {
            count(tape.transaction(), tape.operation(), tape.bytes());
        }
        return new Contents(
                directory,
                queues(),
                kinds(),
                tape.leftOut(),
                tape.offset(),
                tape.due(),
                tape.longestGap(),
                tape.late(),
                tape.lost(),
                ended);
    }

    private void count(Transaction each, Operation operation, int bytes) {
        QueueCount queue = queue(each, operation);
        queue.count++;
        queue.longest = Math.max(queue.longest, bytes);
        if (!operation.isFrame()) {
            queue.sectorEnd = Math.max(queue.sectorEnd, sectorEnd(each, operation, bytes));
        }
        KindCount kind = kinds.computeIfAbsent(operation, _ -> new KindCount());
        kind.count++;
        kind.bytes += bytes;
        kind.recorded.recordValue(Math.clamp(each.completed() - each.taken(), 0, LONGEST));
    }

    private QueueCount queue(Transaction each, Operation operation) {
        long key = Contents.key(each, operation);
        QueueCount known = queues.get(key);
        if (known != null) {
            return known;
        }
        if (queues.size() == MOST_QUEUES) {
            throw new ReplayException(
                    directory + " has more than " + MOST_QUEUES + " queues, which no card has; choose with --device");
        }
        return queues.add(key, new QueueCount(key, each, operation));
    }

    /** The first sector behind what a request reaches; the most there is if that is more than a number holds. */
    private static long sectorEnd(Transaction each, Operation operation, int bytes) {
        if (operation == Operation.FLUSH) {
            return 0;
        }
        if (operation != Operation.DISCARD) {
            return end(each.sector(), (bytes + BlkRequest.SECTOR_BYTES - 1) / BlkRequest.SECTOR_BYTES);
        }
        long most = 0;
        for (int i = 0; i < Ranges.count(each); i++) {
            most = Math.max(most, end(Ranges.sector(each, i), Ranges.sectors(each, i)));
        }
        return most;
    }

    private static long end(long sector, long sectors) {
        long end = sector + sectors;
        return sector < 0 || end < 0 ? Long.MAX_VALUE : end;
    }

    private List<Contents.Queue> queues() {
        return queues.values().stream()
                .map(each -> new Contents.Queue(
                        each.key, each.device, each.index, each.operation, each.count, each.longest, each.sectorEnd))
                .toList();
    }

    private List<Contents.Kind> kinds() {
        List<Contents.Kind> list = new ArrayList<>();
        kinds.forEach((operation, each) ->
                list.add(new Contents.Kind(operation, each.count, each.bytes, spread(each.recorded))));
        return list;
    }

    private static Spread spread(Histogram nanos) {
        return new Spread(
                nanos.getMean(),
                nanos.getValueAtPercentile(50),
                nanos.getValueAtPercentile(90),
                nanos.getValueAtPercentile(99),
                nanos.getValueAtPercentile(99.9),
                nanos.getValueAtPercentile(99.99),
                nanos.getMaxValue());
    }
}
