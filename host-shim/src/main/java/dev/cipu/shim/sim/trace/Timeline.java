package dev.cipu.shim.sim.trace;

import dev.cipu.sim.model.Part;
import dev.cipu.sim.model.Tracer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The first so many journeys that begin after a run has settled, part by part, and the doorbells and interrupts while they are on
 * their way. What it holds is bounded by their number. Owned by the thread of the simulation.
 */
public final class Timeline implements Tracer {
    /** What a journey does from one time to another, in picoseconds. */
    record Span(long journey, int queue, Part part, long from, long to) {}

    /** A register's write. */
    record Write(Register register, int queue, long time, long value) {}

    /** A journey on its way. */
    private static final class Open {
        private final long number;
        private int queue;
        private final List<Span> spans = new ArrayList<>();

        Open(long number) {
            this.number = number;
        }
    }

    private static final int WRITES_EACH = 4;

    private final long from;
    private final int most;
    private final Map<Integer, Open> open = new HashMap<>();
    private final List<Span> spans = new ArrayList<>();
    private final List<Write> writes = new ArrayList<>();
    private int begun;
    private int ended;

    /**
     * A timeline.
     *
     * @param from picoseconds after which a journey must have begun
     * @param most journeys that are recorded
     */
    public Timeline(long from, int most) {
        this.from = from;
        this.most = most;
    }

    @Override
    public void begin(int journey, long time) {
        if (time >= from && begun < most) {
            open.put(journey, new Open(begun++));
        }
    }

    @Override
    public void queue(int journey, int queue) {
        Open known = open.get(journey);
        if (known != null) {
            known.queue = queue;
        }
    }

    @Override
    public void span(int journey, Part part, long begin, long end) {
        Open known = open.isEmpty() ? null : open.get(journey);
        if (known != null) {
            known.spans.add(new Span(known.number, 0, part, begin, end));
        }
    }

    @Override
    public void end(int journey, long time) {
        Open known = open.isEmpty() ? null : open.remove(journey);
        if (known != null) {
            ended++;
            // the queue of a packet that comes in is known late
            known.spans.forEach(
                    each -> spans.add(new Span(each.journey(), known.queue, each.part(), each.from(), each.to())));
        }
    }

    @Override
    public void register(Register register, int queue, long time, long value) {
        boolean shown = register == Register.DOORBELL || register == Register.INTERRUPT;
        if (shown && !open.isEmpty() && writes.size() < WRITES_EACH * most) {
            writes.add(new Write(register, queue, time, value));
        }
    }

    /** Journeys that were recorded from begin to end. */
    public int journeys() {
        return ended;
    }

    List<Span> spans() {
        return spans;
    }

    List<Write> writes() {
        return writes;
    }
}
