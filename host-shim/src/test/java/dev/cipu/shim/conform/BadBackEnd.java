package dev.cipu.shim.conform;

import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Peer;
import dev.cipu.virtio.FeatureSet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Examines a device with a fault, on a back-end that is otherwise sound. */
final class BadBackEnd {
    private final Path folder;
    private final DeviceKind kind;
    private final FeatureSet features;
    private final long protocol;
    private final byte[] config;

    BadBackEnd(Path folder, DeviceKind kind, FeatureSet features, long protocol, byte[] config) {
        this.folder = folder;
        this.kind = kind;
        this.features = features;
        this.protocol = protocol;
        this.config = config.clone();
    }

    List<CheckResult> results(Set<String> ids, ScriptedBackEnd.Device device) {
        Path socket = folder.resolve("s");
        try (ScriptedBackEnd _ = new ScriptedBackEnd(socket, features, protocol, config, device)) {
            Peer peer = Peer.of(socket, Duration.ofSeconds(2));
            return Conformance.of(peer, kind, ids).run(result -> {}).results();
        }
    }

    /** The ids, of the given ones, under which the device is at fault. */
    Set<String> failures(Set<String> ids, ScriptedBackEnd.Device device) {
        Set<String> failed = new LinkedHashSet<>();
        results(ids, device).stream()
                .filter(result -> result.verdict() == Verdict.FAIL)
                .forEach(result -> failed.add(result.id()));
        return failed;
    }

    BadBackEnd with(byte[] other) {
        return new BadBackEnd(folder, kind, features, protocol, other);
    }

    /** All ids that some checks answer for. */
    static Set<String> ids(List<Check<Trial>> checks) {
        Set<String> ids = new LinkedHashSet<>();
        checks.forEach(check -> ids.addAll(check.ids()));
        return ids;
    }
}
