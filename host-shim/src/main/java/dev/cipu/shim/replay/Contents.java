package dev.cipu.shim.replay;

import dev.cipu.shim.trace.TracedDevice;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Spread;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What there is to be replayed of a trace, counted in one pass before anything is done.
 *
 * @param nanos from the first transaction to the last, of the recording, silences shortened
 * @param due when the last one is due, in nanoseconds of the replay
 * @param longestGap the longest silence, in nanoseconds of the recording
 * @param late transactions whose times go back behind those before
 * @param lost transactions that were not recorded
 * @param ended whether the card ended the trace itself
 */
public record Contents(
        Path directory,
        List<Queue> queues,
        List<Kind> kinds,
        Map<LeftOut, Long> leftOut,
        long nanos,
        long due,
        long longestGap,
        long late,
        long lost,
        boolean ended) {
    /**
     * A queue with something to be replayed.
     *
     * @param key as {@link Contents#key} has it
     * @param operation what passes a queue of frames; any of a disk's for one of requests
     * @param longest bytes of its longest frame or data
     * @param sectorEnd the first sector behind all that its requests reach
     */
    public record Queue(
            long key, TracedDevice device, int index, Operation operation, long count, int longest, long sectorEnd) {}

    /**
     * What there is of one operation.
     *
     * @param bytes of frames or data
     * @param recorded nanoseconds from when the card took each until it was done with it
     */
    public record Kind(Operation operation, long count, long bytes, Spread recorded) {}

    /** What tells a queue from all others; one with frames of both directions, as only a foreign file has it, counts as two. */
    public static long key(Transaction each, Operation operation) {
        int way = operation.isFrame() ? operation == Operation.SEND ? 1 : 2 : 0;
        return ((long) each.device().number() << 18) | ((long) way << 16) | each.queue();
    }

    /** Goes through a trace. */
    public static Contents of(Path directory, Selection selection, Pace pace) {
        try (Tape tape = Tape.open(directory, selection, pace)) {
            return new Survey(directory).of(tape);
        }
    }

    /** Transactions that are replayed. */
    public long count() {
        return kinds.stream().mapToLong(Kind::count).sum();
    }

    /** What there is of an operation; null if nothing. */
    public @Nullable Kind kind(Operation operation) {
        return kinds.stream()
                .filter(each -> each.operation() == operation)
                .findFirst()
                .orElse(null);
    }

    /** @throws ReplayException if there is nothing */
    public void checkNotEmpty() {
        if (queues.isEmpty()) {
            throw new ReplayException(directory + " has nothing to be replayed"
                    + (leftOut.isEmpty()
                            ? "; see 'cipu trace info'"
                            : " but what is left out: " + Words.leftOut(leftOut)));
        }
    }
}
