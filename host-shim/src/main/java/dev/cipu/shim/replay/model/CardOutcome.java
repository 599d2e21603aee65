package dev.cipu.shim.replay.model;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.shim.sim.Outcome;
import dev.cipu.shim.sim.Setting;
import dev.cipu.sim.model.Load;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.ReplayResult;
import dev.cipu.sim.model.Spread;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a card would have done with a trace, as machines read it. "Each" is each transaction.
 *
 * @param set figures of the card that were other ones than its profile's
 * @param without such figures that the model of this card does not read
 * @param seconds from the first transaction until the last was done
 * @param loads what was used, the most used first
 * @param binding the most used
 * @param cost what it took of guests, host and link
 * @param checksum of all that happened
 */
public record CardOutcome(
        String card,
        List<String> set,
        List<String> without,
        double seconds,
        List<Done> operations,
        List<Load> loads,
        String binding,
        Outcome.Cost cost,
        long events,
        String checksum) {
    /**
     * What became of one sort of transactions.
     *
     * @param dropped those that found no room, of all
     * @param latencyNanos of each, null if none was done
     * @param stages the parts of the way that were passed, in order
     */
    public record Done(
            Operation operation,
            long count,
            long dropped,
            double perSecond,
            double gigabitsPerSecond,
            @Nullable Spread latencyNanos,
            List<Outcome.Stage> stages) {
        static Done of(ReplayResult.Done done, double seconds) {
            return new Done(
                    done.operation(),
                    done.count(),
                    done.dropped(),
                    done.count() / seconds,
                    8 * done.bytes() / seconds / 1e9,
                    done.total(),
                    done.stages().stream()
                            .map(each -> new Outcome.Stage(
                                    each.part().label(), each.part().meaning(), each.mean(), each.spread()))
                            .toList());
        }
    }

    static CardOutcome of(CardProfile card, List<Figure> set, ReplayResult result) {
        long count =
                result.operations().stream().mapToLong(ReplayResult.Done::count).sum();
        double guestNanos = result.guestCores() * result.seconds() * 1e9;
        return new CardOutcome(
                card.name(),
                Setting.texts(set),
                Setting.texts(Setting.idle(card, set)),
                result.seconds(),
                result.operations().stream()
                        .map(each -> Done.of(each, result.seconds()))
                        .toList(),
                result.loads(),
                result.loads().isEmpty() ? "nothing" : result.loads().getFirst().name(),
                new Outcome.Cost(
                        guestNanos / Math.max(1, count),
                        result.guestCores(),
                        result.hostCores(),
                        result.doorbellsEach(),
                        result.interruptsEach(),
                        result.roundTripsEach(),
                        result.iotlbMissesEach(),
                        result.wireBytesUpEach(),
                        result.wireBytesDownEach()),
                result.events(),
                String.format(Locale.ROOT, "%016x", result.checksum()));
    }

    /** What became of one sort; null if there was nothing of it. */
    public @Nullable Done done(Operation operation) {
        return operations.stream()
                .filter(each -> each.operation() == operation)
                .findFirst()
                .orElse(null);
    }
}
