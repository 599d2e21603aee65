package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.RecordLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.PriorityQueue;

/**
 * Brings records into the order in which their chains were taken. They come in the order in which they were completed and
 * written, but none later than {@code lateness} after one that was taken after it; so a record may go when one has come that was
 * taken so much later. Holds as many records as that time has, but no more than {@link #MOST_BYTES}: then the first goes, although
 * one that was taken before it may come.
 */
final class TakenOrder {
    /** Of records that wait, with what each takes besides. */
    static final long MOST_BYTES = 128L << 20;

    private static final int BESIDES = 128;

    private final long lateness;
    private final long mostBytes;
    private long bytesWaiting;
    private final PriorityQueue<Held> waiting = new PriorityQueue<>();
    private final ArrayDeque<Held> free = new ArrayDeque<>();
    private long newest = Long.MIN_VALUE;
    private long arrivals;
    private boolean ended;

    /** A record that waits, copied; used again and again. */
    static final class Held implements Comparable<Held> {
        private MemorySegment record = MemorySegment.NULL;
        private long taken;
        private long arrival;

        /** The record, from its first byte on. */
        MemorySegment record() {
            return record;
        }

        @Override
        public int compareTo(Held other) {
            return taken == other.taken ? Long.compare(arrival, other.arrival) : Long.compare(taken, other.taken);
        }
    }

    TakenOrder(long lateness) {
        this(lateness, MOST_BYTES);
    }

    TakenOrder(long lateness, long mostBytes) {
        this.lateness = lateness;
        this.mostBytes = mostBytes;
    }

    void add(MemorySegment document, long at) {
        int bytes = RecordLayout.bytes(document, at);
        Held held = free.isEmpty() ? new Held() : free.pop();
        if (held.record.byteSize() < bytes) {
            held.record = MemorySegment.ofArray(new byte[bytes]);
        }
        MemorySegment.copy(document, at, held.record, 0, bytes);
        held.taken = RecordLayout.taken(document, at);
        held.arrival = arrivals++;
        newest = Math.max(newest, held.taken);
        bytesWaiting += held.record.byteSize() + BESIDES;
        waiting.add(held);
    }

    /** No more will come. */
    void end() {
        ended = true;
    }

    /** Whether the next record is known. */
    boolean isReady() {
        Held next = waiting.peek();
        return next != null && (ended || newest - next.taken >= lateness || bytesWaiting > mostBytes);
    }

    /** The next record; the caller gives it back with {@link #release}. */
    Held take() {
        Held held = waiting.remove();
        bytesWaiting -= held.record.byteSize() + BESIDES;
        return held;
    }

    void release(Held held) {
        free.push(held);
    }
}
