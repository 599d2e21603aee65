package dev.cipu.sim.memory;

import dev.cipu.sim.event.Actor;
import java.lang.foreign.MemorySegment;

/**
 * How the card, or software in its place, reaches the host's memory. What is read is what is there when the memory answers, not
 * when the card asked; writes arrive in the order in which they were made, and a read pushes them before it.
 */
public interface Dma {
    /** For {@code at}: only the time of the transfer matters, not what is in it. */
    long NO_DATA = -1;

    /**
     * Reads.
     *
     * @param address where in the host's memory
     * @param bytes at least 1
     * @param at where in {@link #local} the data goes, or {@link #NO_DATA}
     * @param done is woken when all of it is there
     */
    void read(long address, int bytes, long at, Actor done, long argument);

    /**
     * Writes.
     *
     * @param at where in {@link #local} the data is; it stays there until it has arrived; or {@link #NO_DATA}
     * @param arrived is woken when all of it is in the host's memory
     */
    void write(long address, int bytes, long at, Actor arrived, long argument);

    /** The card's own memory. */
    MemorySegment local();
}
