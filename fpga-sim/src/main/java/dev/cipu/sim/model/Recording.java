package dev.cipu.sim.model;

/** Transactions that were recorded, in the order of their times: a cursor over them, so that nothing is made for each. */
public interface Recording {
    /**
     * Goes on to the next one.
     *
     * @return false if there is none left
     */
    boolean next();

    /** Picoseconds from the beginning; never less than that of the one before. */
    long time();

    /** Its queue, by its place among those that the replay was made with. */
    int queue();

    Operation operation();

    /** Bytes of the frame without its header, or of the request's data; at most {@link Replay#MOST_BYTES}. */
    int bytes();

    /** The flow of a frame, not negative. */
    int flow();
}
