package dev.cipu.shim.cli;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Peer;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that say how a device is examined. */
final class PeerOptions {
    private static final String DEFAULT_TIMEOUT = "5";
    private static final double LONGEST = 3600;

    @Option(
            names = "--type",
            paramLabel = "KIND",
            description = "One of ${COMPLETION-CANDIDATES} (default: by what the device offers).")
    private @Nullable DeviceKind type;

    @Option(
            names = "--timeout",
            defaultValue = DEFAULT_TIMEOUT,
            paramLabel = "SECONDS",
            description = "Longest wait for anything that must happen (default: ${DEFAULT-VALUE}).")
    private double timeout;

    /** @throws IllegalArgumentException if the options make no sense */
    Peer at(Path socket) {
        if (!(timeout > 0 && timeout <= LONGEST)) {
            throw new IllegalArgumentException("a timeout of " + timeout + " s is not above 0 and at most an hour");
        }
        return Peer.of(socket, Duration.ofMillis((long) (timeout * 1000)));
    }

    @Nullable
    DeviceKind kind() {
        return type;
    }
}
