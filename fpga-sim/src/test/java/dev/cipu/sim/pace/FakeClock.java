package dev.cipu.sim.pace;

import java.util.function.LongSupplier;

/** Time that passes when the test says so. It begins shortly before the clock runs over, as a real one may. */
final class FakeClock implements LongSupplier {
    long now = Long.MAX_VALUE - 1_000;

    @Override
    public long getAsLong() {
        return now;
    }

    void pass(long nanos) {
        now += nanos;
    }
}
