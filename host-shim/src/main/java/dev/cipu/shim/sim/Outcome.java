package dev.cipu.shim.sim;

import dev.cipu.device.card.Figure;
import dev.cipu.sim.model.Load;
import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Spread;
import dev.cipu.sim.model.Workload;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * What came of an experiment, as machines read it. "Each" is each packet or request.
 *
 * @param set figures of the card that were other ones than its profile's
 * @param without such figures that the model of this card does not read
 * @param load as it was asked for
 * @param durationNanos that were measured
 * @param dropped the share of what came that found no room
 * @param latencyNanos of each from begin to end
 * @param stages parts of the way that were passed, in order
 * @param loads what was used, the most used first
 * @param binding the most used
 * @param checksum of all that happened
 */
public record Outcome(
        String card,
        String workload,
        Workload traffic,
        List<String> set,
        List<String> without,
        String load,
        long seed,
        double durationNanos,
        double perSecond,
        double gigabitsPerSecond,
        double dropped,
        Spread latencyNanos,
        List<Stage> stages,
        List<Load> loads,
        String binding,
        Cost cost,
        long events,
        String checksum) {
    /**
     * A part of the way.
     *
     * @param meanNanos what it takes of each, also of those that do not pass it
     * @param latencyNanos of those that pass it
     */
    public record Stage(String name, String meaning, double meanNanos, Spread latencyNanos) {}

    /**
     * What it costs.
     *
     * @param guestNanosEach of a guest's core, idle polling left out
     * @param guestCores that guests are busy with it
     * @param hostCores of the host that do the card's work
     * @param roundTripsEach reads of a ring that waited for another
     */
    public record Cost(
            double guestNanosEach,
            double guestCores,
            double hostCores,
            double doorbellsEach,
            double interruptsEach,
            double roundTripsEach,
            double iotlbMissesEach,
            double linkBytesToHostEach,
            double linkBytesToCardEach) {}

    /** What came of {@code experiment}. */
    public static Outcome of(Experiment experiment, List<Figure> set, Result result) {
        return new Outcome(
                experiment.card().name(),
                experiment.named().name(),
                result.workload(),
                Setting.texts(set),
                Setting.texts(Setting.idle(experiment.card(), set)),
                experiment.load().toString(),
                experiment.seed(),
                experiment.duration() / 1e3,
                result.perSecond(),
                8 * result.bytesPerSecond() / 1e9,
                result.dropped(),
                Objects.requireNonNull(result.total()),
                result.stages().stream()
                        .map(each -> new Stage(each.part().label(), each.part().meaning(), each.mean(), each.spread()))
                        .toList(),
                result.loads(),
                result.binding().name(),
                new Cost(
                        result.guestNanos(),
                        result.guestNanos() * result.perSecond() / 1e9,
                        result.hostCores(),
                        result.doorbells(),
                        result.interrupts(),
                        result.roundTrips(),
                        result.iotlbMisses(),
                        result.wireBytesUp(),
                        result.wireBytesDown()),
                result.events(),
                String.format(Locale.ROOT, "%016x", result.checksum()));
    }

    /** The most used. */
    public Load bindingLoad() {
        return loads.getFirst();
    }

    /** What the guest moves, in words. */
    public String plural() {
        return traffic.kind().plural();
    }
}
