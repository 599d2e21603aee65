package dev.cipu.sim.model;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Dice;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.event.Timeline;

/** Things that come by chance, at a rate on average, each independent of those before. */
final class Arrivals implements Actor {
    private final Timeline timeline;
    private final long mean;
    private final Dice dice;
    private final Actor arrival;
    private final long argument;

    /** Begins at once, and never ends. */
    Arrivals(Timeline timeline, double perSecond, Dice dice, Actor arrival, long argument) {
        this.timeline = timeline;
        mean = Picos.period(perSecond);
        this.dice = dice;
        this.arrival = arrival;
        this.argument = argument;
        next();
    }

    @Override
    public void fire(long unused) {
        next();
        arrival.fire(argument);
    }

    private void next() {
        timeline.after(dice.exponential(mean), this, 0);
    }
}
