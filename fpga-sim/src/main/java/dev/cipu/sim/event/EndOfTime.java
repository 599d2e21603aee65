package dev.cipu.sim.event;

import java.util.Locale;

/** Something would happen later than a long counts picoseconds. */
public final class EndOfTime extends RuntimeException {
    private static final long serialVersionUID = 1;

    EndOfTime(long now) {
        super(String.format(
                Locale.ROOT,
                "virtual time ends after %.1f days, which is as far as 64 bits count picoseconds, and it is day %.1f"
                        + " already; run for less",
                days(Long.MAX_VALUE),
                days(now)));
    }

    private static double days(long picos) {
        return Picos.toSeconds(picos) / 86_400;
    }
}
