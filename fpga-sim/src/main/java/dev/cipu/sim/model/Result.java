package dev.cipu.sim.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of a run.
 *
 * @param perSecond packets or requests a second
 * @param bytesPerSecond their payload
 * @param dropped those that found no room, of those that came while measuring
 * @param total of each from begin to end; null if none ended
 * @param stages the parts of the way that were passed, in order
 * @param loads what was used, the most used first
 * @param guestNanos of a guest's core for each, idle polling left out
 * @param hostCores cores of the host that did the card's work, busy
 * @param interrupts for each packet or request
 * @param doorbells likewise
 * @param roundTrips reads of a ring that waited for another, likewise
 * @param iotlbMisses likewise
 * @param wireBytesUp bytes on the link to the host, likewise
 * @param wireBytesDown bytes on the link to the card, likewise
 * @param events that happened, warm-up included
 * @param checksum of all that happened, to compare runs
 */
public record Result(
        String card,
        Workload workload,
        double perSecond,
        double bytesPerSecond,
        double dropped,
        @Nullable Spread total,
        List<Stage> stages,
        List<Load> loads,
        double guestNanos,
        double hostCores,
        double interrupts,
        double doorbells,
        double roundTrips,
        double iotlbMisses,
        double wireBytesUp,
        double wireBytesDown,
        long events,
        long checksum) {
    /**
     * A part of the way.
     *
     * @param mean nanoseconds it takes of each journey, also of those that do not pass it
     */
    public record Stage(Part part, double mean, Spread spread) {}

    /** What limits it: what was used most. */
    public Load binding() {
        return loads.getFirst();
    }

    /** Packets or requests a second at which all of something of the card would be used; infinite if nothing was. */
    double cardCeiling() {
        return loads.stream()
                .filter(load ->
                        !load.name().equals(Gauges.GUEST_CORES) && !load.name().equals(Gauges.WINDOW))
                .mapToDouble(Load::ceiling)
                .min()
                .orElse(Double.POSITIVE_INFINITY);
    }
}
