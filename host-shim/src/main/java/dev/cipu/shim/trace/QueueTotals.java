package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.RecordLayout;
import java.lang.foreign.MemorySegment;

/** What a trace has of one queue, as {@link TraceReader} counts it. */
public final class QueueTotals {
    private final TracedDevice device;
    private final int queue;
    private long transactions;
    private long frames;
    private long bytes;
    private long captured;
    private long failed;
    private long lost;
    private long first = Long.MAX_VALUE;
    private long last = Long.MIN_VALUE;

    QueueTotals(TracedDevice device, int queue) {
        this.device = device;
        this.queue = queue;
    }

    void add(MemorySegment document, long at) {
        int kind = RecordLayout.kind(document, at);
        if (kind == RecordLayout.LOSS) {
            lost += RecordLayout.subject(document, at);
        } else {
            transactions++;
            boolean frame = kind == RecordLayout.TRANSMIT || kind == RecordLayout.RECEIVE;
            boolean continued = (RecordLayout.flags(document, at) & RecordLayout.CONTINUED) != 0;
            if (RecordLayout.status(document, at) != 0) {
                failed++;
            } else if (frame && !continued) {
                frames++;
            }
            bytes += RecordLayout.length(document, at);
            captured += RecordLayout.captured(document, at);
        }
        first = Math.min(first, RecordLayout.taken(document, at));
        last = Math.max(last, RecordLayout.completed(document, at));
    }

    public TracedDevice device() {
        return device;
    }

    public int queue() {
        return queue;
    }

    /** Chains, whatever became of them. */
    public long transactions() {
        return transactions;
    }

    /** Frames that passed; none of a queue that has no frames. */
    public long frames() {
        return frames;
    }

    /** Of all frames, commands, or data of requests. */
    public long bytes() {
        return bytes;
    }

    /** Of those, the ones in the trace. */
    public long captured() {
        return captured;
    }

    /** Chains dropped, requests and commands with another status than OK. */
    public long failed() {
        return failed;
    }

    /** Transactions that were not recorded. */
    public long lost() {
        return lost;
    }

    /** When the first one was taken, by the workers' clock. */
    public long first() {
        return first;
    }

    /** When the last one was completed. */
    public long last() {
        return last;
    }
}
