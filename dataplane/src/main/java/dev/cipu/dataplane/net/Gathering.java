package dev.cipu.dataplane.net;

/**
 * Decides whether frames that a guest has sent are left in its ring for a few turns, so that more of them are taken at
 * once. A burst costs both cores the same cache misses, however few its frames are, and each look at the ring's index takes
 * its line from the guest that is about to write it; on cores that are far apart that is most of the work.
 *
 * <p>Only a loaded guest is made to wait, about twenty microseconds on a worker with nothing else to do (the
 * bound is in turns, so longer where other pollers are busy), and only while that pays: a guest whose burst did
 * not fill up, since it waits for answers itself or sends less, is soon served at once. Owner: the thread that owns the port.
 */
final class Gathering {
    /** Frames in a burst that tell of a loaded guest. */
    static final int LOADED = 16;

    /** Turns from one look to the next one. */
    static final int STRIDE = 16;

    /** Turns that a burst may wait, whole strides. */
    static final int PATIENCE = 64 * STRIDE;

    /** Bursts after which waiting is tried again where it did not pay. */
    static final int RETRY = 1024;

    private int patience = PATIENCE;
    private int left;
    private boolean waited;
    private int bursts;

    /** Whether a burst may wait at all just now. */
    boolean isOn() {
        return left > 0;
    }

    /** Whether this turn does not even look; once a turn while a burst may wait. */
    boolean looksAway() {
        return --left % STRIDE != STRIDE - 1;
    }

    /** Whether a turn that looks leaves the {@code available} frames where they are. */
    boolean waits(int available) {
        if (available >= Burst.CAPACITY) {
            return false;
        }
        waited = true;
        return true;
    }

    /** A burst of {@code frames} frames was taken. */
    void took(int frames) {
        if (waited) {
            int less = patience / 2;
            patience = frames == Burst.CAPACITY ? PATIENCE : less < STRIDE ? 0 : less;
            waited = false;
        }
        if (patience == 0 && ++bursts >= RETRY) {
            bursts = 0;
            patience = PATIENCE;
        }
        left = frames < LOADED ? 0 : patience;
    }
}
