package dev.cipu.sim.model;

/** What a recorded transaction does. */
public enum Operation {
    SEND(0, "frames sent"),
    RECEIVE(1, "frames received"),
    READ(2, "reads"),
    WRITE(3, "writes"),
    FLUSH(4, "flushes"),
    /** Or write-zeroes, or secure erase: its data are ranges. */
    DISCARD(5, "discards");

    /** How many there are. */
    static final int COUNT = 6;

    private final int sort;
    private final String plural;

    Operation(int sort, String plural) {
        this.sort = sort;
        this.plural = plural;
    }

    /** Its journeys' sort. */
    int sort() {
        return sort;
    }

    /** In words. */
    public String plural() {
        return plural;
    }

    public boolean isFrame() {
        return this == SEND || this == RECEIVE;
    }
}
