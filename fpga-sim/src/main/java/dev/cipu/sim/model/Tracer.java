package dev.cipu.sim.model;

/** Hears of everything that happens, for a picture of it. */
public interface Tracer {
    /** Hears nothing. */
    Tracer NONE = new Tracer() {
        @Override
        public void span(int journey, Part part, long from, long to) {}

        @Override
        public void register(Register register, int queue, long time, long value) {}
    };

    /** A register of the card, or a line of it. */
    enum Register {
        DOORBELL,
        INTERRUPT
    }

    /**
     * A packet or a request has passed a part of its way.
     *
     * @param journey its number, used again when it has arrived
     */
    void span(int journey, Part part, long from, long to);

    /** A register was written, or a line was raised. */
    void register(Register register, int queue, long time, long value);
}
