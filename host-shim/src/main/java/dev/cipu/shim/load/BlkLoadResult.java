package dev.cipu.shim.load;

import java.util.List;

/**
 * What a load on a block device measured. The names are those of the JSON report and stay.
 *
 * @param workload as asked for, in small letters
 * @param blockBytes bytes of a request
 * @param depth requests under way on each queue
 * @param queues request queues in use
 * @param mode {@code poll} or {@code interrupt}
 * @param ops requests completed in the measured time
 * @param seconds measured time
 * @param iops requests a second
 * @param mbps millions of bytes a second
 * @param latencyNs from handing a request to the ring until its completion was seen. A burst shares one time stamp: the
 *     figure includes the driver's own work on the burst before it
 * @param errors requests that failed or came back without a status, in the whole run
 * @param verifyErrors blocks read that did not hold what was last written
 * @param blocksVerified blocks read and compared
 * @param firstProblem the first failure or difference, empty if there was none
 * @param kicks kicks sent in the measured time
 * @param calls calls received in the measured time
 * @param reconnects how often the back-end was lost and found again
 * @param resubmitted requests handed over again after that, either by us or through the inflight region
 * @param allocatedBytes of the Java heap by the driving thread in the measured time
 * @param capacityBytes of the device
 * @param backendFeatures device feature bits that the back-end offers, in hexadecimal
 * @param features device feature bits in use, in hexadecimal
 * @param protocolFeatures vhost-user protocol feature bits in use
 */
public record BlkLoadResult(
        String workload,
        int blockBytes,
        int depth,
        int queues,
        String mode,
        long ops,
        double seconds,
        double iops,
        double mbps,
        Latency latencyNs,
        long errors,
        long verifyErrors,
        long blocksVerified,
        String firstProblem,
        long kicks,
        long calls,
        int reconnects,
        long resubmitted,
        long allocatedBytes,
        long capacityBytes,
        String backendFeatures,
        String features,
        List<String> protocolFeatures) {
    /** Whether nothing failed and nothing differed. */
    public boolean passed() {
        return errors == 0 && verifyErrors == 0;
    }
}
