package dev.cipu.dataplane;

/**
 * Where an idle worker sleeps. A ring that comes before the wait ends that wait at once, so no ring is lost; several
 * rings may count as one.
 */
public interface Bell {
    /** Sleeps until the bell rings, a driver kicks, or {@code maxNanos} have passed; may return early for no reason. */
    void await(long maxNanos);

    /** Wakes the sleeper. Any thread may call it. */
    void ring();
}
