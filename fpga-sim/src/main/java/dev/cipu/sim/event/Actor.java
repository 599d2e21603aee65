package dev.cipu.sim.event;

/** What an event wakes. */
public interface Actor {
    /**
     * The time has come.
     *
     * @param argument what was given when the event was put on the {@link Timeline}
     */
    void fire(long argument);
}
