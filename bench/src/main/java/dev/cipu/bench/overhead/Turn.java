package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.Placement;
import java.util.Locale;

/**
 * A sample: one way did one work for a moment.
 *
 * @param number from 1 on; figures name samples by it
 * @param kind what for
 * @param work what was done
 * @param way how
 * @param round samples of one round were taken right after each other
 * @param measured what it showed
 * @param roundTripBefore between the cores, in nanoseconds
 * @param roundTripAfter the same when it was over
 */
record Turn(
        int number,
        Kind kind,
        Work work,
        Way way,
        int round,
        Measured measured,
        double roundTripBefore,
        double roundTripAfter) {
    /** What a sample is for. */
    enum Kind {
        /** The comparison of all ways. */
        ROUND,
        /** Part of what a way can do. */
        LEVEL,
        /** What the Double 11 is scaled by. */
        CAPACITY,
        /** The Double 11. */
        FESTIVAL;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    Placement placement() {
        return Placement.of(roundTripBefore).and(Placement.of(roundTripAfter));
    }
}
