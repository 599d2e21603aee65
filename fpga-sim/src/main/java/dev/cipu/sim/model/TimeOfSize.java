package dev.cipu.sim.model;

import java.util.function.IntToLongFunction;

/** A time that depends on bytes alone. The last answer is kept, for mostly the same is asked again. */
final class TimeOfSize {
    private final IntToLongFunction time;
    private int bytes;
    private long picos;

    /**
     * A time by bytes.
     *
     * @param time picoseconds that so many bytes take
     */
    TimeOfSize(IntToLongFunction time) {
        this.time = time;
        picos = time.applyAsLong(0);
    }

    /** Picoseconds. */
    long of(int size) {
        if (size != bytes) {
            bytes = size;
            picos = time.applyAsLong(size);
        }
        return picos;
    }
}
