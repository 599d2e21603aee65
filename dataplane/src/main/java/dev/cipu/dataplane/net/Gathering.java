package dev.cipu.dataplane.net;

/**
 * Decides whether frames that a guest has sent are left in its ring for a few turns, so that more of them are taken at
 * once. A burst costs both cores the same cache misses, however few its frames are; on cores that are far apart that is
 * most of the work.
 *
 * <p>Only a loaded guest is made to wait, a microsecond or two at most, and only while that pays: a guest whose burst did
 * not grow, since it waits for answers itself, is soon served at once. Owner: the thread that owns the port.
 */
final class Gathering {
    /** Frames in a burst that tell of a loaded guest. */
    static final int LOADED = 16;

    /** Turns that a burst may wait. */
    static final int PATIENCE = 100;

    /** Bursts after which waiting is tried again where it did not pay. */
    static final int RETRY = 1024;

    private int patience = PATIENCE;
    private int left;
    private int first;
    private int bursts;

    /** Whether a burst may wait at all just now. */
    boolean isOn() {
        return left > 0;
    }

    /** Whether this turn leaves the {@code available} frames where they are; for a burst that may wait. */
    boolean waits(int available) {
        if (available >= Burst.CAPACITY) {
            return false;
        }
        left--;
        if (first == 0) {
            first = available;
        }
        return true;
    }

    /** A burst of {@code frames} frames was taken. */
    void took(int frames) {
        if (first > 0) {
            patience = frames > first ? PATIENCE : patience >> 1;
            first = 0;
        }
        if (patience == 0 && ++bursts >= RETRY) {
            bursts = 0;
            patience = PATIENCE;
        }
        left = frames < LOADED ? 0 : patience;
    }
}
