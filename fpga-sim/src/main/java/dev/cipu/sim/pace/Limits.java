package dev.cipu.sim.pace;

import org.jspecify.annotations.Nullable;

/**
 * What a device, or a card, lets through at most. Shared by the workers of those that it limits.
 *
 * @param count requests or frames, null without a limit
 * @param bytes likewise
 */
record Limits(@Nullable RateClock count, @Nullable RateClock bytes) {
    /** Lets one through; returns when it begins, which is {@code now} at the earliest. */
    long pass(long now, long moved) {
        long start = now;
        if (count != null) {
            start = count.take(now, 1);
        }
        if (bytes != null && moved > 0) {
            start = Moments.later(start, bytes.take(now, moved));
        }
        return start;
    }
}
