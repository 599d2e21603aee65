package dev.cipu.sim.ring;

import dev.cipu.sim.event.Timeline;

/**
 * For how long an engine waited for what it reads of its ring, for nothing else of this queue is read meanwhile. A turn that brings
 * less than it could counts for as much less: an engine that what is behind it holds back is always busy with little.
 */
final class BusyTime {
    private final Timeline timeline;
    private long since;
    private long open;
    private long picos;

    BusyTime(Timeline timeline) {
        this.timeline = timeline;
    }

    /** A read begins. */
    void begin() {
        since = timeline.now();
    }

    /** It has ended; another one of the same turn will begin. */
    void pause() {
        open += timeline.now() - since;
        since = timeline.now();
    }

    /** The turn has ended, and has brought so many of so many. */
    void end(int brought, int most) {
        pause();
        picos += open * brought / most;
        open = 0;
    }

    /** Picoseconds of all turns that have ended. */
    long picos() {
        return picos;
    }
}
