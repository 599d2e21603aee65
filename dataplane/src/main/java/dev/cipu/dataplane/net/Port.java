package dev.cipu.dataplane.net;

/**
 * Where frames enter and leave a switch. All methods run on the switch's worker and never block.
 */
public interface Port {
    /**
     * Appends frames that arrived to {@code burst}, as far as there is room; each in a slot of the switch's pool, now
     * held by the caller.
     *
     * @return how many frames were appended
     */
    int receive(Burst burst);

    /**
     * Sends the frames of {@code burst}, or drops and counts them where the port has no room. The slots stay the
     * caller's: a port that needs frames for longer {@link Burst#keep keeps} them.
     */
    void transmit(Burst burst);

    /** Tells the far end of what was received and sent in earlier turns, if it wants to know. */
    default void settle() {}

    /** Whether the switch learns source addresses from this port's frames. */
    default boolean learns() {
        return true;
    }

    /** Shared memory may be gone somewhere behind the switch: a port whose memory it may be says so to its owner. */
    default void memoryFault() {}

    /** Asks for a kick when a frame arrives; true if none waits even now, so that the worker may sleep. */
    boolean arm();

    /** The worker polls again: no kicks please. */
    void disarm();

    /** Nanoseconds until the first frame that the port holds back is due, as {@link dev.cipu.dataplane.Poller#dueIn}. */
    default long dueIn() {
        return Long.MAX_VALUE;
    }
}
