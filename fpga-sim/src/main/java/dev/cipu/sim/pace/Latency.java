package dev.cipu.sim.pace;

import java.util.SplittableRandom;

/**
 * How long something takes, in nanoseconds: always the same, or anything between two ends, all equally likely. A profile says no
 * more of it.
 */
record Latency(long least, long most) {
    static final Latency NONE = new Latency(0, 0);

    long draw(SplittableRandom random) {
        return least == most ? least : least + random.nextLong(most - least + 1);
    }

    Latency plus(Latency other) {
        return new Latency(least + other.least, most + other.most);
    }
}
