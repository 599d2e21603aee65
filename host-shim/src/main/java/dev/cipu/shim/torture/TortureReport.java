package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Peer;
import java.util.List;

/**
 * What a run found out; its components are the fields of the JSON.
 *
 * @param socket of the back-end
 * @param type net or blk
 * @param harmed attacks that did harm
 * @param results in the order of their numbers
 */
public record TortureReport(
        String socket,
        String type,
        int withstood,
        int harmed,
        int skipped,
        double seconds,
        List<AttackResult> results) {
    static TortureReport of(Peer peer, DeviceKind kind, List<AttackResult> results, double seconds) {
        int harmed = (int) results.stream().filter(r -> r.verdict().isHarm()).count();
        int skipped = (int)
                results.stream().filter(r -> r.verdict() == Damage.SKIPPED).count();
        return new TortureReport(
                peer.socket().toString(),
                kind.word(),
                results.size() - harmed - skipped,
                harmed,
                skipped,
                seconds,
                List.copyOf(results));
    }
}
