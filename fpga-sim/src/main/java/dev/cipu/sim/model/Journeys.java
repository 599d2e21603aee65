package dev.cipu.sim.model;

import dev.cipu.sim.event.Timeline;
import java.util.Arrays;

/**
 * What is on its way, by number: what it carries, of what sort it is, and how long each part of the way took. Only what begins while
 * measuring counts, and only that.
 */
final class Journeys {
    private static final long UNMEASURED = -1;

    private final Timeline timeline;
    private final Tracer tracer;
    private final Tally[] tallies;
    private long[] began = new long[1024];
    private long[] last = new long[1024];
    private int[] payload = new int[1024];
    private byte[] sort = new byte[1024];
    private int[] free = new int[1024];
    private int freeCount;
    private boolean measuring;

    /** All of one sort. */
    Journeys(Timeline timeline, Tracer tracer) {
        this(timeline, tracer, 1);
    }

    /** Of so many sorts, which are counted apart. */
    Journeys(Timeline timeline, Tracer tracer, int sorts) {
        this.timeline = timeline;
        this.tracer = tracer;
        tallies = new Tally[sorts];
        Arrays.setAll(tallies, _ -> new Tally());
        addFree(0);
    }

    /** From now on everything counts. */
    void measure() {
        measuring = true;
        for (Tally tally : tallies) {
            tally.restart();
        }
    }

    /** A new journey of the first sort, which carries so many bytes. */
    int begin(int bytes) {
        return begin(bytes, 0);
    }

    /** A new journey of a sort. */
    int begin(int bytes, int ofSort) {
        if (freeCount == 0) {
            grow();
        }
        int journey = free[--freeCount];
        long now = timeline.now();
        began[journey] = measuring ? now : UNMEASURED;
        last[journey] = now;
        payload[journey] = bytes;
        sort[journey] = (byte) ofSort;
        tracer.begin(journey, now);
        return journey;
    }

    /** It goes by this queue, as is known by now. */
    void join(int journey, int queue) {
        tracer.queue(journey, queue);
    }

    /** What it carries. */
    int bytes(int journey) {
        return payload[journey];
    }

    int sort(int journey) {
        return sort[journey];
    }

    /** A part of the way is behind it. */
    void mark(int journey, Part part) {
        mark(journey, part, timeline.now());
    }

    /** A part of the way was behind it at {@code time}, or is now if that is to come. */
    void mark(int journey, Part part, long time) {
        long until = Math.min(time, timeline.now());
        long from = last[journey];
        if (began[journey] != UNMEASURED) {
            tallies[sort[journey]].part(part, until - from);
        }
        tracer.span(journey, part, from, until);
        last[journey] = until;
    }

    /** It has arrived. */
    void end(int journey) {
        Tally tally = tallies[sort[journey]];
        tally.finish(payload[journey]);
        if (began[journey] != UNMEASURED) {
            tally.total(timeline.now() - began[journey]);
        }
        tracer.end(journey, timeline.now());
        free[freeCount++] = journey;
    }

    /** It ends here, and has not arrived. */
    void drop(int journey) {
        tallies[sort[journey]].drop();
        tracer.end(journey, timeline.now());
        free[freeCount++] = journey;
    }

    /** How many are on their way. */
    int underWay() {
        return began.length - freeCount;
    }

    /** Those that arrived and those that were dropped. */
    long ended() {
        long ended = 0;
        for (Tally tally : tallies) {
            ended += tally.finished() + tally.dropped();
        }
        return ended;
    }

    /** What was counted of a sort. */
    Tally tally(int ofSort) {
        return tallies[ofSort];
    }

    private void grow() {
        int count = began.length;
        began = Arrays.copyOf(began, 2 * count);
        last = Arrays.copyOf(last, 2 * count);
        payload = Arrays.copyOf(payload, 2 * count);
        sort = Arrays.copyOf(sort, 2 * count);
        free = Arrays.copyOf(free, 2 * count);
        addFree(count);
    }

    private void addFree(int first) {
        for (int i = began.length - 1; i >= first; i--) {
            free[freeCount++] = i;
        }
    }
}
