package dev.cipu.shim.replay.live;

/** What becomes of the writes and discards of a trace, which destroy what a disk holds. */
public enum Writes {
    /** A trace that has some is not replayed: nobody said what is to become of them. */
    REFUSE,
    SEND,
    SKIP
}
