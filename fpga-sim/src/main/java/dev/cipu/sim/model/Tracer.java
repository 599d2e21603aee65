package dev.cipu.sim.model;

/** Hears of everything that happens, in the order of time, for a picture of it. */
public interface Tracer {
    /** Hears nothing. */
    Tracer NONE = new Tracer() {
        @Override
        public void span(int journey, Part part, long from, long to) {}

        @Override
        public void register(Register register, int queue, long time, long value) {}
    };

    /** A register of a queue, a line of it, or an index that both sides know it by. */
    enum Register {
        /** Writes of it so far. */
        DOORBELL,
        /** Interrupts so far. */
        INTERRUPT,
        /** Chains that the card has read so far. */
        AVAIL,
        /** Used elements that are in the host's memory so far. */
        USED
    }

    /** A journey begins. */
    default void begin(int journey, long time) {}

    /** A journey goes by this queue: said once, before or after its first parts. */
    default void queue(int journey, int queue) {}

    /**
     * A packet or a request has passed a part of its way.
     *
     * @param journey its number, used again when it has arrived
     */
    void span(int journey, Part part, long from, long to);

    /** A journey has come to its end, or was dropped. */
    default void end(int journey, long time) {}

    /** A register was written, or a line was raised. */
    void register(Register register, int queue, long time, long value);
}
