package dev.cipu.sim.event;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Events in the order of their times; those of one time in the order in which they were put here. So a run depends on nothing but
 * its input. One thread owns it; after warm-up nothing is allocated.
 *
 * <p>A heap with four children a node: an event is two longs beside each other, its time and its number with the slot of what it
 * wakes, so that the children of a node lie on one cache line. Where events are made in the order of their times, as on a wire, a
 * {@link Lane} keeps all but the first of them out of the heap.
 */
public final class Timeline {
    /** Bits of a slot's index; at most a million events wait at a time. */
    private static final int SLOT_BITS = 20;

    private static final int SLOT_MASK = (1 << SLOT_BITS) - 1;
    private static final int FIRST_SLOTS = 1 << 10;

    private long[] heap = new long[2 * FIRST_SLOTS];
    private @Nullable Actor[] actors = new Actor[FIRST_SLOTS];
    private long[] arguments = new long[FIRST_SLOTS];
    private int[] freeSlots = new int[FIRST_SLOTS];
    private int free;
    private @Nullable Lane[] lanes = new Lane[FIRST_SLOTS];
    private int size;
    private int waiting;
    private long now;
    private long number;
    private long fired;

    public Timeline() {
        addFreeSlots(0);
    }

    /** The present, in picoseconds from the beginning. */
    public long now() {
        return now;
    }

    /** Events that have happened. */
    public long fired() {
        return fired;
    }

    /** Events to come. */
    public int waiting() {
        return waiting;
    }

    /** A line of events, each no earlier than the one before. */
    public Lane lane() {
        return new Lane();
    }

    /** Wakes {@code actor} after {@code delay} picoseconds, at least 0. */
    public void after(long delay, Actor actor, long argument) {
        at(now + delay, actor, argument);
    }

    /**
     * Wakes {@code actor} at {@code time}.
     *
     * @throws IllegalArgumentException if that is in the past
     */
    public void at(long time, Actor actor, long argument) {
        rise(time, mark(time, actor, argument, null));
    }

    /** Takes a slot for an event; returns its number and its slot. */
    private long mark(long time, Actor actor, long argument, @Nullable Lane lane) {
        if (time < now) {
            throw new IllegalArgumentException("an event at " + time + " ps, and it is " + now + " ps");
        }
        if (free == 0) {
            grow();
        }
        int slot = freeSlots[--free];
        actors[slot] = actor;
        arguments[slot] = argument;
        lanes[slot] = lane;
        waiting++;
        return (number++ << SLOT_BITS) | slot;
    }

    /**
     * Lets events happen up to and including {@code end}; then it is {@code end}.
     *
     * @return false if there were none left before
     */
    public boolean runUntil(long end) {
        while (size > 0 && heap[0] <= end) {
            step();
        }
        boolean more = size > 0;
        now = Math.max(now, end);
        return more;
    }

    /** Lets the next event happen; there must be one. */
    public void step() {
        now = heap[0];
        int slot = (int) heap[1] & SLOT_MASK;
        Actor actor = actors[slot];
        if (actor == null) {
            throw new IllegalStateException("nothing waits");
        }
        long argument = arguments[slot];
        Lane lane = lanes[slot];
        actors[slot] = null;
        lanes[slot] = null;
        freeSlots[free++] = slot;
        waiting--;
        if (lane != null && lane.passFirst()) {
            sink(lane.firstTime(), lane.firstMark());
        } else {
            size--;
            if (size > 0) {
                sink(heap[2 * size], heap[2 * size + 1]);
            }
        }
        fired++;
        actor.fire(argument);
    }

    private void rise(long time, long mark) {
        long[] nodes = heap;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >> 2;
            // the newest number is the largest, so only a later time lets it pass
            if (nodes[2 * parent] <= time) {
                break;
            }
            nodes[2 * at] = nodes[2 * parent];
            nodes[2 * at + 1] = nodes[2 * parent + 1];
            at = parent;
        }
        nodes[2 * at] = time;
        nodes[2 * at + 1] = mark;
    }

    private void sink(long time, long mark) {
        long[] nodes = heap;
        int end = size;
        int at = 0;
        int child = 1;
        while (child < end) {
            int least = child;
            long leastTime = nodes[2 * child];
            int last = Math.min(child + 4, end);
            for (int other = child + 1; other < last; other++) {
                long otherTime = nodes[2 * other];
                if (otherTime < leastTime || (otherTime == leastTime && nodes[2 * other + 1] < nodes[2 * least + 1])) {
                    least = other;
                    leastTime = otherTime;
                }
            }
            if (time < leastTime || (time == leastTime && mark < nodes[2 * least + 1])) {
                break;
            }
            nodes[2 * at] = leastTime;
            nodes[2 * at + 1] = nodes[2 * least + 1];
            at = least;
            child = 4 * at + 1;
        }
        nodes[2 * at] = time;
        nodes[2 * at + 1] = mark;
    }

    private void grow() {
        int slots = actors.length;
        if (slots > SLOT_MASK) {
            throw new IllegalStateException(
                    "more than " + slots + " events wait: something makes them faster than they happen");
        }
        heap = Arrays.copyOf(heap, 4 * slots);
        actors = Arrays.copyOf(actors, 2 * slots);
        arguments = Arrays.copyOf(arguments, 2 * slots);
        lanes = Arrays.copyOf(lanes, 2 * slots);
        freeSlots = Arrays.copyOf(freeSlots, 2 * slots);
        addFreeSlots(slots);
    }

    private void addFreeSlots(int first) {
        for (int slot = actors.length - 1; slot >= first; slot--) {
            freeSlots[free++] = slot;
        }
    }

    /** Events of which none is earlier than the one before: only the first of them is in the heap. */
    public final class Lane {
        private static final int FIRST_EVENTS = 64;

        /** Time and mark of each event, in turns; the first of them is in the heap as well. */
        private long[] ring = new long[2 * FIRST_EVENTS];

        private int head;
        private int count;
        private long last;

        private Lane() {}

        /**
         * Wakes {@code actor} at {@code time}.
         *
         * @throws IllegalArgumentException if that is before what was put here last, or in the past
         */
        public void at(long time, Actor actor, long argument) {
            if (time < last) {
                throw new IllegalArgumentException("an event at " + time + " ps behind one at " + last + " ps");
            }
            long mark = mark(time, actor, argument, this);
            last = time;
            if (2 * count == ring.length) {
                enlarge();
            }
            int at = (head + 2 * count) & (ring.length - 1);
            ring[at] = time;
            ring[at + 1] = mark;
            if (count++ == 0) {
                rise(time, mark);
            }
        }

        /** The first has happened; true if there is another. */
        private boolean passFirst() {
            head = (head + 2) & (ring.length - 1);
            return --count > 0;
        }

        private long firstTime() {
            return ring[head];
        }

        private long firstMark() {
            return ring[head + 1];
        }

        private void enlarge() {
            long[] larger = new long[2 * ring.length];
            System.arraycopy(ring, head, larger, 0, ring.length - head);
            System.arraycopy(ring, 0, larger, ring.length - head, head);
            ring = larger;
            head = 0;
        }
    }
}
