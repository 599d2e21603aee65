package dev.cipu.shim.replay.live;

import dev.cipu.shim.load.Latency;
import dev.cipu.shim.replay.LeftOut;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Spread;
import java.util.List;
import java.util.Map;

/**
 * What came of a replay into a device. The names are those of the JSON report.
 *
 * @param pace in words
 * @param recordedSeconds that the recording lasts at this pace
 * @param seconds that it took
 * @param behindNs how much later than it was due each was sent; of an unpaced replay nothing
 * @param leftOut what was not sent, and how much of it
 * @param lost transactions that were not recorded
 * @param queues of the device that were used, or pairs
 * @param recordedQueues that the trace has, or pairs; if more, several share one
 * @param framesReceived that the device brought
 * @param errors requests that failed
 * @param firstProblem the first of them, empty if there was none
 * @param stopped whether it was ended before its end
 */
public record LiveResult(
        String trace,
        String device,
        String socket,
        String pace,
        double recordedSeconds,
        double seconds,
        List<Sent> sent,
        Latency behindNs,
        Map<LeftOut, Long> leftOut,
        long lost,
        int queues,
        int recordedQueues,
        long framesReceived,
        long bytesReceived,
        long errors,
        String firstProblem,
        boolean stopped) {
    /**
     * What was sent of one operation.
     *
     * @param latencyNs from when it was put into the ring until it was seen to be done
     * @param recordedNs from when the recorded card took each until it was done with it
     */
    public record Sent(
            Operation operation,
            long count,
            long bytes,
            double perSecond,
            long errors,
            Latency latencyNs,
            Spread recordedNs) {}

    /** Whether nothing failed. */
    public boolean passed() {
        return errors == 0;
    }
}
