package dev.cipu.sim.stage;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Timeline;

/** Lets interrupts wait for each other: one for so many completions, or when the first has waited long enough. */
public final class Moderation implements Actor {
    private final Timeline timeline;
    private final int most;
    private final long longest;
    private final Actor interrupt;
    private final long argument;
    private int pending;
    private long dueAt = -1;

    /**
     * Moderation of a queue's interrupts.
     *
     * @param most completions that make an interrupt at once
     * @param longest picoseconds for which fewer of them wait
     * @param interrupt is woken for each interrupt
     */
    public Moderation(Timeline timeline, int most, long longest, Actor interrupt, long argument) {
        this.timeline = timeline;
        this.most = most;
        this.longest = longest;
        this.interrupt = interrupt;
        this.argument = argument;
    }

    public void completed(int count) {
        pending += count;
        if (pending >= most || longest == 0) {
            raise();
        } else if (dueAt < 0) {
            dueAt = timeline.now() + longest;
            timeline.at(dueAt, this, 0);
        }
    }

    @Override
    public void fire(long unused) {
        // a timer whose completions went before means nothing
        if (dueAt == timeline.now()) {
            raise();
        }
    }

    private void raise() {
        pending = 0;
        dueAt = -1;
        interrupt.fire(argument);
    }
}
