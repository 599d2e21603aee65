package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Peer;
import dev.cipu.virtio.FeatureSet;
import java.util.List;

/**
 * What a run found out; its components are the fields of the JSON.
 *
 * @param socket of the device
 * @param type net or blk
 * @param features device feature bits offered, by number
 * @param protocol protocol feature bits offered, or the version of vfio-user
 * @param results in the order of the checks
 */
public record ConformReport(
        String socket,
        String type,
        String features,
        String protocol,
        int passed,
        int failed,
        int skipped,
        double seconds,
        List<CheckResult> results) {
    static ConformReport of(
            Peer peer,
            DeviceKind kind,
            FeatureSet offered,
            String protocol,
            List<CheckResult> results,
            double seconds) {
        return new ConformReport(
                peer.socket().toString(),
                kind.word(),
                offered.toString(),
                protocol,
                count(results, Verdict.PASS),
                count(results, Verdict.FAIL),
                count(results, Verdict.SKIP),
                seconds,
                List.copyOf(results));
    }

    private static int count(List<CheckResult> results, Verdict verdict) {
        return (int) results.stream().filter(r -> r.verdict() == verdict).count();
    }
}
