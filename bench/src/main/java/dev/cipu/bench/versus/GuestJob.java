package dev.cipu.bench.versus;

import dev.cipu.bench.process.RunLength;
import java.util.Locale;

/**
 * Random reads of 4 KiB by fio in a guest.
 *
 * @param depth requests under way
 */
record GuestJob(int depth) {
    private static final double MILLIS = 1e3;

    /** {@code 4k-randread/qd32}. */
    String label() {
        return "4k-randread/qd" + depth;
    }

    /** The line that has the guest read this disk. */
    String line(String disk, RunLength length) {
        return String.format(
                Locale.ROOT,
                "%s %d %.0f %.0f",
                disk,
                depth,
                length.warmupSeconds() * MILLIS,
                length.seconds() * MILLIS);
    }
}
