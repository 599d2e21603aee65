package dev.cipu.bench.record;

import dev.cipu.bench.machine.Median;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What recording cost under one load: medians of its turns. The names are those of the JSON report and stay.
 *
 * @param offered frames a second, 0 for as many as went
 * @param deliveredWithout frames a second
 * @param deliveredRecording frames a second
 * @param throughputCost percent that fewer frames were delivered
 * @param throughputCostOfBest the same of the best turn of each kind
 * @param workerWithout nanoseconds that the card's worker was busy for a frame's way out and back
 * @param workerRecording likewise
 * @param workerNanos how many more that is
 * @param workerCost percent more
 * @param transactions recorded in all turns
 * @param lost in all turns
 * @param writerShare of a core that the recording thread took
 * @param writerNanos of processor time for a transaction
 * @param writerMost transactions a second that a core of its own would let it write
 */
record Cost(
        long offered,
        double deliveredWithout,
        double deliveredRecording,
        double throughputCost,
        double throughputCostOfBest,
        double workerWithout,
        double workerRecording,
        double workerNanos,
        double workerCost,
        long transactions,
        long lost,
        double writerShare,
        double writerNanos,
        double writerMost) {
    private static final double PERCENT = 100;

    /** Of those turns that were offered so many. */
    static Cost of(List<Turn> turns, long offered) {
        List<Turn> without = of(turns, offered, false);
        List<Turn> recording = of(turns, offered, true);
        double delivered = median(without, Turn::delivered);
        double deliveredRecording = median(recording, Turn::delivered);
        double worker = median(without, Turn::workerNanos);
        double workerRecording = median(recording, Turn::workerNanos);
        double writerNanos = median(recording, Turn::writerNanos);
        return new Cost(
                offered,
                delivered,
                deliveredRecording,
                less(delivered, deliveredRecording),
                less(most(without), most(recording)),
                worker,
                workerRecording,
                workerRecording - worker,
                -less(worker, workerRecording),
                recording.stream().mapToLong(Turn::transactions).sum(),
                recording.stream().mapToLong(Turn::lost).sum(),
                median(recording, Turn::writerShare),
                writerNanos,
                writerNanos > 0 ? 1e9 / writerNanos : 0);
    }

    private static List<Turn> of(List<Turn> turns, long offered, boolean recording) {
        return turns.stream()
                .filter(turn -> turn.offered() == offered && turn.recording() == recording)
                .toList();
    }

    private static double median(List<Turn> turns, ToDoubleFunction<Turn> what) {
        return Median.of(turns.stream().map(what::applyAsDouble).toList());
    }

    private static double most(List<Turn> turns) {
        return turns.stream().mapToDouble(Turn::delivered).max().orElse(0);
    }

    private static double less(double before, double after) {
        return before == 0 ? 0 : PERCENT * (before - after) / before;
    }
}
