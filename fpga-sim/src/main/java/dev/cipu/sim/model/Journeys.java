package dev.cipu.sim.model;

import dev.cipu.sim.event.Timeline;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.HdrHistogram.Histogram;

/**
 * What is on its way, by number, and how long each part of the way took. Only what begins while measuring counts, and only that.
 */
final class Journeys {
    /** Longer ones count as this long. */
    private static final long LONGEST = 1_000_000_000_000L;

    private static final int DIGITS = 3;
    private static final long UNMEASURED = -1;

    private final Timeline timeline;
    private final Tracer tracer;
    private long[] began = new long[1024];
    private long[] last = new long[1024];
    private int[] free = new int[1024];
    private int freeCount;
    private boolean measuring;
    private long finished;
    private long dropped;
    private long bytes;
    private long counted;

    private final Histogram total = new Histogram(LONGEST, DIGITS);
    private final Map<Part, Histogram> parts = new EnumMap<>(Part.class);

    Journeys(Timeline timeline, Tracer tracer) {
        this.timeline = timeline;
        this.tracer = tracer;
        for (Part part : Part.values()) {
            parts.put(part, new Histogram(LONGEST, DIGITS));
        }
        addFree(0);
    }

    /** From now on everything counts. */
    void measure() {
        measuring = true;
        finished = 0;
        dropped = 0;
        bytes = 0;
    }

    /** A new journey. */
    int begin() {
        if (freeCount == 0) {
            grow();
        }
        int journey = free[--freeCount];
        long now = timeline.now();
        began[journey] = measuring ? now : UNMEASURED;
        last[journey] = now;
        tracer.begin(journey, now);
        return journey;
    }

    /** A new journey, by this queue. */
    int begin(int queue) {
        int journey = begin();
        tracer.queue(journey, queue);
        return journey;
    }

    /** It goes by this queue, as is known by now. */
    void join(int journey, int queue) {
        tracer.queue(journey, queue);
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
            part(part).recordValue(Math.min(until - from, LONGEST));
        }
        tracer.span(journey, part, from, until);
        last[journey] = until;
    }

    /** It has arrived, and carried so many bytes. */
    void end(int journey, int payload) {
        finished++;
        bytes += payload;
        if (began[journey] != UNMEASURED) {
            counted++;
            total.recordValue(Math.min(timeline.now() - began[journey], LONGEST));
        }
        tracer.end(journey, timeline.now());
        free[freeCount++] = journey;
    }

    /** It ends here, and has not arrived. */
    void drop(int journey) {
        dropped++;
        tracer.end(journey, timeline.now());
        free[freeCount++] = journey;
    }

    long finished() {
        return finished;
    }

    long dropped() {
        return dropped;
    }

    /** Those that arrived and those that were dropped. */
    long ended() {
        return finished + dropped;
    }

    long bytes() {
        return bytes;
    }

    /** Those that began and ended while measuring. */
    long counted() {
        return counted;
    }

    Histogram total() {
        return total;
    }

    Histogram part(Part part) {
        return Objects.requireNonNull(parts.get(part));
    }

    private void grow() {
        int count = began.length;
        began = Arrays.copyOf(began, 2 * count);
        last = Arrays.copyOf(last, 2 * count);
        free = Arrays.copyOf(free, 2 * count);
        addFree(count);
    }

    private void addFree(int first) {
        for (int i = began.length - 1; i >= first; i--) {
            free[freeCount++] = i;
        }
    }
}
