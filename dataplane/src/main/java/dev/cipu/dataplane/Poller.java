package dev.cipu.dataplane;

/**
 * One bounded duty of a card core: a queue, a switch. A {@link Worker} calls every method on its own thread; a test may
 * do so with no thread at all. A poller starts disarmed: its drivers are asked not to kick.
 */
public interface Poller {
    /**
     * Does one bounded burst of work, never blocks.
     *
     * @return packets or requests moved, 0 if there was nothing to do
     */
    int poll();

    /**
     * Asks the drivers for kicks and looks once more.
     *
     * @return true if there is nothing to do, so that the worker may sleep until a kick
     */
    boolean arm();

    /** Asks the drivers not to kick. */
    void disarm();

    /**
     * Nanoseconds until the first of the things that this poller holds back by the clock is due: 0 if it is, {@link
     * Long#MAX_VALUE} if it holds back none. No kick comes for these, so the worker asks before it rests.
     */
    default long dueIn() {
        return Long.MAX_VALUE;
    }

    /**
     * Told that the worker caught what {@link #poll}, {@link #arm} or {@link #disarm} threw. A fault in shared memory
     * may surface a little later than the access that met it, so a poller must be ready to hear of it here.
     *
     * @return true if the poller has coped and goes on, false to be taken off the worker
     */
    default boolean failed(Throwable cause) {
        return false;
    }
}
