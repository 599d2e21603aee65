package dev.cipu.shim.demo;

import dev.cipu.shim.load.Latency;
import java.util.List;

/**
 * What a demo found out. Rates, times and latencies are those of the measured part; counts of frames and requests are of
 * the whole run, warm-up and coming to rest included.
 *
 * @param passed whether nothing was lost, altered or refused
 * @param problem the first thing that was wrong, empty if nothing was
 * @param seconds length of the measured part
 * @param cardCores CPUs that stood for the card's
 * @param hostCores CPUs that stood for the hosts'
 * @param guestThreads threads that stood for host cores
 * @param hostCpuSeconds CPU time of these threads
 * @param cardCpuSeconds CPU time of the card's workers
 * @param kicks notifications from guests to the card
 * @param calls notifications from the card to guests
 */
public record DemoReport(
        boolean passed,
        String problem,
        double seconds,
        List<Integer> cardCores,
        List<Integer> hostCores,
        int guestThreads,
        Net net,
        Blk blk,
        double hostCpuSeconds,
        double cardCpuSeconds,
        long kicks,
        long calls) {
    /** The two network devices together. */
    public record Net(
            long framesSent,
            long framesReceived,
            long lost,
            double packetsPerSecond,
            double bitsPerSecond,
            Latency latencyNs) {}

    /** The block device. */
    public record Blk(
            long readsChecked, long writes, int blockBytes, double iops, double bytesPerSecond, Latency latencyNs) {}
}
