package dev.cipu.sim.pace;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A limit on a rate, as the moment from which on there is room for the next one: who takes begins then, and moves the moment by
 * what it takes. Time that nobody used is gone, so no burst is faster than the rate.
 *
 * <p>Workers share it, without a lock: a device's queues and a card's devices may be polled by several.
 */
final class RateClock {
    /** Of a nanosecond in ticks: a byte takes less than one at the rates of cards. */
    private static final int TICK_SHIFT = 4;

    private static final long ROUND_UP = (1 << TICK_SHIFT) - 1;
    private static final double TICKS_PER_SECOND = 1e9 * (1 << TICK_SHIFT);

    private final double ticks;
    private final AtomicLong free;

    /**
     * @param perSecond above 0
     * @param now nanoseconds of the clock that those who take will read
     */
    RateClock(double perSecond, long now) {
        ticks = TICKS_PER_SECOND / perSecond;
        free = new AtomicLong(now << TICK_SHIFT);
    }

    /** Takes {@code amount}; returns when that begins, which is {@code now} at the earliest. */
    long take(long now, long amount) {
        long cost = (long) Math.ceil(amount * ticks);
        long at = now << TICK_SHIFT;
        while (true) {
            long next = free.get();
            long start = Moments.later(next, at);
            if (free.compareAndSet(next, start + cost)) {
                return now + ((start - at + ROUND_UP) >> TICK_SHIFT);
            }
        }
    }
}
