package dev.cipu.shim.replay;

/**
 * When a recorded transaction is due.
 *
 * @param speed how many times as fast as it was recorded
 * @param unpaced as soon as there is room, in the order of the recording, whatever the times
 * @param longestGap nanoseconds of the recording after which the next is due at the latest; {@link #ANY_GAP} for any
 */
public record Pace(double speed, boolean unpaced, long longestGap) {
    public static final long ANY_GAP = Long.MAX_VALUE;

    /** As it was recorded. */
    public static final Pace RECORDED = new Pace(1, false, ANY_GAP);

    public static final Pace UNPACED = new Pace(1, true, ANY_GAP);

    private static final double LEAST_SPEED = 1e-6;
    private static final double MOST_SPEED = 1e6;

    public Pace {
        if (!(speed >= LEAST_SPEED && speed <= MOST_SPEED)) {
            throw new ReplayException("a speed of " + speed + " is not from 0.000001 to 1000000; 2 is twice as fast");
        }
        if (longestGap < 0) {
            throw new ReplayException("a longest gap below nothing; give for example 1s");
        }
    }

    /** So many times as fast as it was recorded. */
    public static Pace at(double speed) {
        return new Pace(speed, false, ANY_GAP);
    }

    /** With silences that are no longer than so many nanoseconds of the recording. */
    public Pace withLongestGap(long nanos) {
        return new Pace(speed, unpaced, nanos);
    }

    /** Nanoseconds of the replay that so many of the recording are, as far as numbers go. */
    long scaled(long nanos) {
        // a cast of what is too much is the most
        return speed == 1 ? nanos : (long) (nanos / speed);
    }

    /** In words. */
    @Override
    public String toString() {
        String gaps = longestGap == ANY_GAP ? "" : ", silences of at most " + longestGap / 1e9 + " s";
        if (unpaced) {
            return "as fast as there is room";
        }
        return (speed == 1 ? "at the recorded pace" : "at " + speed + " times the recorded pace") + gaps;
    }
}
