package dev.cipu.shim.replay.model;

import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.shim.sim.Workloads;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Spread;
import java.util.List;
import java.util.Map;

/**
 * What cards would have done with a trace.
 *
 * @param pace in words
 * @param seconds that the recording lasts at this pace
 * @param recorded what there is of each operation
 * @param leftOut what is not replayed, and how much of it
 * @param lost transactions that were not recorded
 * @param outOfOrder transactions whose times go back behind those before
 */
public record ReplayReport(
        String trace,
        String pace,
        Drivers drivers,
        long seed,
        double seconds,
        List<Recorded> recorded,
        Map<LeftOut, Long> leftOut,
        long lost,
        long outOfOrder,
        List<CardOutcome> cards) {
    /** How the guests' drivers work, for a trace does not say. */
    public record Drivers(String format, int queueSize, int batch, boolean interrupts, boolean indirect) {}

    /**
     * What was recorded of one operation.
     *
     * @param latencyNanos from when the card took each until it was done with it
     */
    public record Recorded(
            Operation operation, long count, double perSecond, double gigabitsPerSecond, Spread latencyNanos) {}

    static ReplayReport of(ModelReplay replay, Contents contents, List<CardOutcome> cards) {
        double seconds = contents.nanos() / 1e9;
        // a single moment has no rate
        double over = seconds > 0 ? seconds : Double.POSITIVE_INFINITY;
        return new ReplayReport(
                replay.directory().toString(),
                replay.pace().toString(),
                new Drivers(
                        Workloads.lower(replay.habits().format()),
                        replay.habits().depth(),
                        replay.habits().batch(),
                        replay.habits().interrupts(),
                        replay.habits().indirect()),
                replay.seed(),
                seconds,
                contents.kinds().stream()
                        .map(each -> new Recorded(
                                each.operation(),
                                each.count(),
                                each.count() / over,
                                8 * each.bytes() / over / 1e9,
                                each.recorded()))
                        .toList(),
                contents.leftOut(),
                contents.lost(),
                contents.late(),
                cards);
    }
}
