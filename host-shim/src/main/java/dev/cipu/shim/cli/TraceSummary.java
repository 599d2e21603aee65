package dev.cipu.shim.cli;

import dev.cipu.shim.trace.QueueTotals;
import dev.cipu.shim.trace.TraceReader;
import java.util.List;
import java.util.Locale;

/**
 * What a trace has, for people and machines.
 *
 * @param began when recording began
 * @param seconds from the first transaction to the last
 * @param ended whether the card ended the trace itself
 */
record TraceSummary(
        String began,
        double seconds,
        boolean ended,
        String payload,
        int headerBytes,
        long transactions,
        long lost,
        List<Queue> queues) {
    private static final double NANOS = 1e9;

    /**
     * A queue that something passed.
     *
     * @param perSecond from its own first transaction to its last
     * @param bytes of frames, or of requests' data
     * @param captured of those, how many the trace has
     * @param failed chains dropped; requests and commands with another status than OK
     */
    record Queue(
            String device,
            String kind,
            int queue,
            long transactions,
            long frames,
            double perSecond,
            long bytes,
            long captured,
            long failed,
            long lost) {
        static Queue of(QueueTotals totals) {
            double seconds = (totals.last() - totals.first()) / NANOS;
            return new Queue(
                    totals.device().id(),
                    totals.device().kindName(),
                    totals.queue(),
                    totals.transactions(),
                    totals.frames(),
                    seconds > 0 ? totals.transactions() / seconds : 0,
                    totals.bytes(),
                    totals.captured(),
                    totals.failed(),
                    totals.lost());
        }
    }

    static TraceSummary of(TraceReader trace) {
        List<QueueTotals> totals = trace.totals();
        long first = totals.stream().mapToLong(QueueTotals::first).min().orElse(0);
        long last = totals.stream().mapToLong(QueueTotals::last).max().orElse(0);
        return new TraceSummary(
                trace.header().began().toString(),
                (last - first) / NANOS,
                trace.isEnded(),
                trace.header().capture().payload().name().toLowerCase(Locale.ROOT),
                trace.header().capture().headerBytes(),
                totals.stream().mapToLong(QueueTotals::transactions).sum(),
                totals.stream().mapToLong(QueueTotals::lost).sum(),
                totals.stream().map(Queue::of).toList());
    }
}
