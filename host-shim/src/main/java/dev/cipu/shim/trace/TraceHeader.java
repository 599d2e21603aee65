package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.Capture;
import java.time.Instant;

/**
 * What a trace says of itself.
 *
 * @param wall ns since 1970 when the workers' clock showed {@code clock}
 * @param pid the card's process
 */
public record TraceHeader(long wall, long clock, long pid, Capture capture) {
    private static final long NANOS = 1_000_000_000;

    /** A time of the workers' clock as ns since 1970. */
    public long wall(long time) {
        return wall + (time - clock);
    }

    /** When recording began. */
    public Instant began() {
        return Instant.ofEpochSecond(Math.floorDiv(wall, NANOS), Math.floorMod(wall, NANOS));
    }
}
