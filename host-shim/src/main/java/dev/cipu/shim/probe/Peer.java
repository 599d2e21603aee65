package dev.cipu.shim.probe;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The back-end under examination.
 *
 * @param socket where it listens
 * @param timeout how long it may take for what it has to do
 * @param quiet how long to watch before it counts as shown that nothing happens
 */
public record Peer(Path socket, Duration timeout, Duration quiet) {
    private static final Duration DEFAULT_QUIET = Duration.ofMillis(40);

    /** A back-end that listens at {@code socket}, watched for the usual time. */
    public static Peer of(Path socket, Duration timeout) {
        return new Peer(socket, timeout, DEFAULT_QUIET);
    }
}
