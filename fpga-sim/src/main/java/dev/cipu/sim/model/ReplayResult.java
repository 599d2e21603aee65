package dev.cipu.sim.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of a replay. "Each" is each transaction.
 *
 * @param seconds from the beginning of the recording until the last one was done
 * @param operations those that there were
 * @param loads what was used, the most used first; ceilings in transactions a second of this mixture
 * @param guestCores that guests were busy with it, idle polling left out
 * @param hostCores of the host that did the card's work
 * @param events that happened
 * @param checksum of all that happened, to compare runs
 */
public record ReplayResult(
        String card,
        double seconds,
        List<Done> operations,
        List<Load> loads,
        double guestCores,
        double hostCores,
        double interruptsEach,
        double doorbellsEach,
        double roundTripsEach,
        double iotlbMissesEach,
        double wireBytesUpEach,
        double wireBytesDownEach,
        long events,
        long checksum) {
    /**
     * What became of one sort of transactions.
     *
     * @param count those that were done
     * @param dropped those that found no room
     * @param bytes of payload
     * @param total of each, from when it came until the guest had it back, or the cable a frame; null if none was done
     * @param stages the parts of the way that were passed, in order
     */
    public record Done(
            Operation operation,
            long count,
            long dropped,
            long bytes,
            @Nullable Spread total,
            List<Result.Stage> stages) {}
}
