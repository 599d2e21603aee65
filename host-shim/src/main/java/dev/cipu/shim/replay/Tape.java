package dev.cipu.shim.replay;

import dev.cipu.shim.trace.TraceReader;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * A trace as it is replayed: a cursor over the transactions that are, in the order in which the card took them, and when each is due.
 * It holds no more of the trace than {@link TraceReader} does. One thread.
 */
public final class Tape implements AutoCloseable {
    private final TraceReader trace;
    private final Selection selection;
    private final Pace pace;
    private final Transaction transaction;
    private final Judgement judgement = new Judgement();
    private final Map<LeftOut, long[]> leftOut = new EnumMap<>(LeftOut.class);
    private boolean begun;
    private long before;

    /** Nanoseconds of the recording from its first transaction on, silences shortened. */
    private long offset;

    private long longestGap;
    private long late;
    private long lost;

    private Tape(TraceReader trace, Selection selection, Pace pace) {
        this.trace = trace;
        this.selection = selection;
        this.pace = pace;
        transaction = trace.transaction();
    }

    /**
     * Opens a trace.
     *
     * @throws dev.cipu.shim.trace.TraceException if there is none, or it is damaged
     * @throws ReplayException if it has no such device
     */
    public static Tape open(Path directory, Selection selection, Pace pace) {
        TraceReader trace = TraceReader.open(directory);
        try {
            selection.check(trace.devices());
            return new Tape(trace, selection, pace);
        } catch (RuntimeException e) {
            trace.close();
            throw e;
        }
    }

    /**
     * Goes on to the next transaction that is replayed.
     *
     * @return false if there is none left
     */
    public boolean next() {
        while (trace.next()) {
            if (!selection.wants(transaction.device(), transaction.queue())) {
                continue;
            }
            if (transaction.kind() == Transaction.Kind.LOSS) {
                lost = Math.max(lost, lost + transaction.lost());
                continue;
            }
            judgement.of(transaction);
            if (judgement.operation() != null) {
                pass();
                return true;
            }
            LeftOut reason = judgement.reason();
            if (reason != null) {
                leaveOut(reason);
            }
        }
        return false;
    }

    private void pass() {
        long taken = transaction.taken();
        if (!begun) {
            begun = true;
        } else if (taken < before) {
            late++;
            return;
        } else {
            // between times of a trace that nobody recorded there may be more than a number holds
            long gap = taken - before < 0 ? Long.MAX_VALUE : taken - before;
            longestGap = Math.max(longestGap, gap);
            long sum = offset + Math.min(gap, pace.longestGap());
            offset = sum < 0 ? Long.MAX_VALUE : sum;
        }
        before = taken;
    }

    /** The transaction at hand is not replayed after all. */
    public void leaveOut(LeftOut reason) {
        leftOut.computeIfAbsent(reason, _ -> new long[1])[0]++;
    }

    /** The transaction at hand. */
    public Transaction transaction() {
        return transaction;
    }

    /** What it does. */
    public Operation operation() {
        return Objects.requireNonNull(judgement.operation(), "the tape is before its first transaction");
    }

    /** Bytes of its frame, or of its data. */
    public int bytes() {
        return (int) transaction.length();
    }

    /** When it is due: nanoseconds from the first one on. */
    public long due() {
        return pace.scaled(offset);
    }

    /** Nanoseconds of the recording between the first one and this one, silences shortened. */
    long offset() {
        return offset;
    }

    /** The longest silence so far, in nanoseconds of the recording. */
    long longestGap() {
        return longestGap;
    }

    /** Transactions that came behind one that was taken later; they are due at once. */
    long late() {
        return late;
    }

    /** Transactions so far that were not recorded. */
    long lost() {
        return lost;
    }

    /** How many were left out so far, and why. */
    public Map<LeftOut, Long> leftOut() {
        Map<LeftOut, Long> counts = new EnumMap<>(LeftOut.class);
        leftOut.forEach((reason, count) -> counts.put(reason, count[0]));
        return counts;
    }

    /** Whether the card ended the trace itself. */
    boolean isEnded() {
        return trace.isEnded();
    }

    @Override
    public void close() {
        trace.close();
    }
}
