package dev.cipu.bench.overhead;

import dev.cipu.shim.load.GuestLoadResult;
import dev.cipu.shim.load.OrderPlan;
import dev.cipu.shim.posix.CpuUsage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A line of JSON that tells a {@link GuestServer} what to do.
 *
 * @param net socket of the network device, null for the server's own mirror
 * @param blk socket of the disk, null for the server's own mirror
 * @param work what to do
 * @param orders null to do all as soon as possible
 * @param interrupt whether the driver sleeps until it is called
 * @param warmup seconds before
 * @param seconds measured, unless orders say how long
 * @param servers processes whose threads' time is read when the measured time begins and ends
 * @param probe socket of an {@link AllocationProbe}, null for none
 * @param profile whether to look where the driver's time goes
 */
record Job(
        @Nullable String net,
        @Nullable String blk,
        Work work,
        @Nullable OrderPlan orders,
        boolean interrupt,
        double warmup,
        double seconds,
        List<Long> servers,
        @Nullable String probe,
        boolean profile) {
    /**
     * What it answers, in one line.
     *
     * @param failure why there is no result, null if there is one
     * @param result what the guest did
     * @param servers time of the servers' threads by their names, or that of the mirror's thread
     * @param deviceBytes allocated by the device's thread, -1 if that is not known
     * @param driverMisses of the processor's caches while the driver ran, -1 where no counter tells
     * @param deviceMisses the same of the device's threads
     * @param hotSpots where the driver's time went: samples by method, the most first; empty if nobody looked
     */
    record Answer(
            @Nullable String failure,
            @Nullable GuestLoadResult result,
            Map<String, CpuUsage> servers,
            long deviceBytes,
            long driverMisses,
            long deviceMisses,
            Map<String, Integer> hotSpots) {
        static Answer failed(String why) {
            return new Answer(why, null, Map.of(), -1, -1, -1, Map.of());
        }
    }
}
