package dev.cipu.sim.ring;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;

/** Used elements on their way: they go together when there are enough of them, or when one has waited long enough. */
final class UsedBatch implements Actor {
    /** Writes the elements that wait. */
    interface Writer {
        void write(int count);
    }

    private final Timeline timeline;
    private final EngineShape shape;
    private final Writer writer;
    private int pending;

    /** Batches that went before their time was up, each of which leaves a timer that means nothing. */
    private int stale;

    private boolean timed;

    UsedBatch(Timeline timeline, EngineShape shape, Writer writer) {
        this.timeline = timeline;
        this.shape = shape;
        this.writer = writer;
    }

    int pending() {
        return pending;
    }

    void add() {
        pending++;
        if (pending >= shape.usedBatch()) {
            if (timed) {
                stale++;
                timed = false;
            }
            flush();
        } else if (!timed) {
            timed = true;
            timeline.after(shape.usedWait(), this, 0);
        }
    }

    @Override
    public void fire(long unused) {
        // all timers take the same time, so the stale ones come first
        if (stale > 0) {
            stale--;
        } else {
            timed = false;
            flush();
        }
    }

    private void flush() {
        int count = pending;
        pending = 0;
        writer.write(count);
    }
}
