package dev.cipu.sim.event;

import java.util.Arrays;

/**
 * Events of the next 4 microseconds, in a wheel of buckets of a nanosecond each. In a bucket they are in order; a bit for each bucket
 * tells whether there are any, so what is next is found without a search, however many wait or how far apart they are.
 * (Varghese and Lauck, Hashed and Hierarchical Timing Wheels, SOSP 1987.) Owner: the {@link Timeline}.
 */
final class NearEvents {
    /**
     * Of a bucket: 1024 ps. Where a card is busiest an event happens each 4 ns, so most buckets are empty when one is added, which the
     * processor then predicts.
     */
    private static final int TIME_BITS = 10;

    /** So that one word has a bit for each word of bits. */
    private static final int BUCKETS = 1 << 12;

    private static final int MASK = BUCKETS - 1;
    private static final int WORD_MASK = 63;

    private final EventTable table;

    /** First and last slot of each bucket. */
    private final int[] ends = new int[2 * BUCKETS];

    /** Whether a bucket has events. */
    private final long[] full = new long[BUCKETS / Long.SIZE];

    /** Whether a word of the above has any. */
    private long words;

    /** The bucket of the present, counted from the beginning of time. */
    private long cursor;

    NearEvents(EventTable table) {
        this.table = table;
        Arrays.fill(ends, EventTable.NONE);
    }

    /** Whether an event at {@code time}, which is not past, belongs here. */
    boolean covers(long time) {
        return (time >> TIME_BITS) - cursor < BUCKETS;
    }

    /** It is {@code now}; all events here are yet to come. Returns whether more may belong here than did before. */
    boolean turn(long now) {
        long bucket = now >> TIME_BITS;
        boolean turned = bucket != cursor;
        cursor = bucket;
        return turned;
    }

    void add(int slot) {
        int bucket = (int) (table.time(slot) >> TIME_BITS) & MASK;
        long bit = 1L << bucket;
        int word = bucket >> 6;
        if ((full[word] & bit) == 0) {
            full[word] |= bit;
            words |= 1L << word;
            table.link(slot, EventTable.NONE);
            ends[2 * bucket] = slot;
            ends[2 * bucket + 1] = slot;
        } else if (table.isBefore(ends[2 * bucket + 1], slot)) {
            table.link(slot, EventTable.NONE);
            table.link(ends[2 * bucket + 1], slot);
            ends[2 * bucket + 1] = slot;
        } else {
            insert(bucket, slot);
        }
    }

    /** Before the last one of its bucket. */
    private void insert(int bucket, int slot) {
        int at = ends[2 * bucket];
        if (table.isBefore(slot, at)) {
            table.link(slot, at);
            ends[2 * bucket] = slot;
            return;
        }
        int next = table.next(at);
        while (table.isBefore(next, slot)) {
            at = next;
            next = table.next(at);
        }
        table.link(slot, next);
        table.link(at, slot);
    }

    /** The slot of the first event, {@link EventTable#NONE} without one. */
    int first() {
        if (words == 0) {
            return EventTable.NONE;
        }
        int at = (int) cursor & MASK;
        int word = at >> 6;
        long here = full[word] & -1L << at;
        if (here == 0) {
            // around the wheel; the word of the present comes last, with what is behind the present's bucket in it
            word = word + 1 + Long.numberOfTrailingZeros(Long.rotateRight(words, word + 1)) & WORD_MASK;
            here = full[word];
        }
        return ends[2 * ((word << 6) + Long.numberOfTrailingZeros(here))];
    }

    /** Takes the first event out. */
    void remove(int first) {
        int bucket = (int) (table.time(first) >> TIME_BITS) & MASK;
        int next = table.next(first);
        ends[2 * bucket] = next;
        if (next == EventTable.NONE) {
            int word = bucket >> 6;
            full[word] &= ~(1L << bucket);
            if (full[word] == 0) {
                words &= ~(1L << word);
            }
        }
    }
}
