package dev.cipu.bench.suite;

/** A way for frames, in this thread. */
interface Frames {
    /** Frames of one burst. */
    int BURST = 32;

    /**
     * Moves a burst of frames.
     *
     * @param bytes of each
     * @throws IllegalStateException if one is lost
     */
    void burst(int bytes);
}
