package dev.cipu.sim.event;

/**
 * Events in the order of their times; those of one time in the order in which they were put here. So a run depends on nothing but
 * its input. One thread owns it; after warm-up nothing is allocated.
 *
 * <p>What is soon lies in a wheel ({@link NearEvents}), what is later in a heap ({@link FarEvents}) until it is soon. Where events are
 * made in the order of their times, as on a wire, a {@link Lane} keeps all far ones but the first out of the heap.
 */
public final class Timeline {
    private final EventTable table = new EventTable();
    private final NearEvents near = new NearEvents(table);
    private final FarEvents far = new FarEvents();
    private long now;
    private long fired;

    public Timeline() {}

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
        return table.taken();
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
     * @throws EndOfTime if that is more than {@link Long#MAX_VALUE} picoseconds from the beginning
     */
    public void at(long time, Actor actor, long argument) {
        int slot = take(time, actor, argument);
        if (near.covers(time)) {
            near.add(slot);
        } else {
            far.add(time, table.mark(slot));
        }
    }

    private int take(long time, Actor actor, long argument) {
        if (time < now) {
            throw refusal(time);
        }
        return table.take(time, actor, argument);
    }

    /** A sum that has passed the largest number there is has become negative. */
    private RuntimeException refusal(long time) {
        return time < 0
                ? new EndOfTime(now)
                : new IllegalArgumentException("an event at " + time + " ps, and it is " + now + " ps");
    }

    /**
     * Lets events happen up to and including {@code end}; then it is {@code end}.
     *
     * @return false if there were none left before
     */
    public boolean runUntil(long end) {
        int first = first();
        while (first != EventTable.NONE && table.time(first) <= end) {
            happen(first);
            first = first();
        }
        if (end > now) {
            pass(end);
        }
        return first != EventTable.NONE;
    }

    /**
     * Lets events happen for so many picoseconds.
     *
     * @throws EndOfTime if virtual time ends before
     */
    public void run(long picos) {
        if (picos > Long.MAX_VALUE - now) {
            throw new EndOfTime(now);
        }
        runUntil(now + picos);
    }

    /** Lets the next event happen; there must be one. */
    public void step() {
        int first = first();
        if (first == EventTable.NONE) {
            throw new IllegalStateException("nothing waits");
        }
        happen(first);
    }

    /** The slot of the event that is next, which may still be far. */
    private int first() {
        int first = near.first();
        return first != EventTable.NONE || far.isEmpty() ? first : far.first();
    }

    private void happen(int slot) {
        long time = table.time(slot);
        if (time != now) {
            pass(time);
        }
        near.remove(slot);
        Actor actor = table.actor(slot);
        long argument = table.argument(slot);
        table.release(slot);
        fired++;
        actor.fire(argument);
    }

    /** It is {@code time} now: what was far may be near. */
    private void pass(long time) {
        now = time;
        if (near.turn(time)) {
            while (!far.isEmpty() && near.covers(far.firstTime())) {
                near.add(far.removeFirst());
            }
        }
    }

    /** Events of which none is earlier than the one before. */
    public final class Lane {
        private final FarLine line = new FarLine();
        private long last;

        private Lane() {}

        /**
         * Wakes {@code actor} at {@code time}.
         *
         * @throws IllegalArgumentException if that is before what was put here last, or in the past
         * @throws EndOfTime if that is more than {@link Long#MAX_VALUE} picoseconds from the beginning
         */
        public void at(long time, Actor actor, long argument) {
            int slot = take(time, actor, argument);
            if (time < last) {
                table.release(slot);
                throw new IllegalArgumentException("an event at " + time + " ps behind one at " + last + " ps");
            }
            last = time;
            if (near.covers(time)) {
                near.add(slot);
            } else {
                far.add(time, table.mark(slot), line);
            }
        }
    }
}
