package dev.cipu.shim.load;

import java.util.List;

/**
 * What a load on a network device measured. The names are those of the JSON report and stay.
 *
 * @param frameBytes bytes of a frame
 * @param pairs queue pairs in use
 * @param burst frames handed over at once
 * @param window frames of a pair that might be on their way, 0 for no limit
 * @param rate frames a second asked for, 0 for no limit
 * @param mode {@code poll} or {@code interrupt}
 * @param ops frames that came back in the measured time
 * @param sent frames sent in the measured time
 * @param seconds measured time
 * @param pps frames that came back a second
 * @param mbps millions of bytes that came back a second
 * @param latencyNs from handing a frame to the ring until it was back. A burst shares one time stamp
 * @param lost frames sent in the measured time that did not come back
 * @param duplicated frames that came back twice, in the whole run
 * @param altered frames that came back with another size or content, in the whole run
 * @param reordered frames that came back after one that was sent later; with several pairs that is no fault
 * @param foreign frames received that this run did not send
 * @param errors the sum of lost, duplicated and altered frames
 * @param verifyErrors the sum of duplicated and altered frames
 * @param firstProblem the first altered frame, empty if there was none
 * @param kicks kicks sent in the measured time
 * @param calls calls received in the measured time
 * @param allocatedBytes of the Java heap by the driving thread in the measured time
 * @param verified whether content was compared
 * @param backendFeatures device feature bits that the back-end offers, in hexadecimal
 * @param features device feature bits in use, in hexadecimal
 * @param protocolFeatures vhost-user protocol feature bits in use
 */
public record NetLoadResult(
        int frameBytes,
        int pairs,
        int burst,
        int window,
        long rate,
        String mode,
        long ops,
        long sent,
        double seconds,
        double pps,
        double mbps,
        Latency latencyNs,
        long lost,
        long duplicated,
        long altered,
        long reordered,
        long foreign,
        long errors,
        long verifyErrors,
        String firstProblem,
        long kicks,
        long calls,
        long allocatedBytes,
        boolean verified,
        String backendFeatures,
        String features,
        List<String> protocolFeatures) {
    /**
     * Whether frames came back, none twice and none altered; of a verifying load, whether all came back. A load that
     * does not verify may lose some to an overloaded device.
     */
    public boolean passed() {
        return ops > 0 && verifyErrors == 0 && (!verified || lost == 0);
    }
}
