package dev.cipu.sim.model;

/**
 * A queue of a recording.
 *
 * @param longest bytes of the longest frame that it has, at least 1: buffers for frames are made for that
 */
public record RecordedQueue(Use use, int longest) {
    /** What passes it. */
    public enum Use {
        TRANSMIT,
        RECEIVE,
        REQUESTS
    }

    public RecordedQueue {
        if (longest < 1 || longest > Replay.MOST_BYTES) {
            throw new IllegalArgumentException("frames of " + longest + " bytes");
        }
    }
}
