package dev.cipu.shim.cli;

import dev.cipu.shim.load.Target;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Options of {@code cipu drive} that say which device, and how its rings look. */
final class TargetOptions {
    @Option(names = "--socket", required = true, paramLabel = "PATH", description = "The back-end's vhost-user socket.")
    @SuppressWarnings("NullAway.Init")
    private Path socket;

    @Option(names = "--server", description = "Listen at the socket: the back-end connects to us.")
    private boolean server;

    @Option(
            names = "--queue-size",
            defaultValue = "" + Target.DEFAULT_QUEUE_SIZE,
            paramLabel = "N",
            description = "Descriptors of each ring, of a split one a power of two (default: ${DEFAULT-VALUE}).")
    private int queueSize;

    @Option(names = "--packed", description = "Use packed rings; a back-end that has none is an error.")
    private boolean packed;

    @Option(names = "--in-order", description = "Let buffers be used in order if the back-end offers it.")
    private boolean inOrder;

    @Option(names = "--indirect", description = "Put requests into indirect tables if the back-end offers them.")
    private boolean indirect;

    @Option(names = "--no-event-idx", description = "Suppress notifications by flag instead of by index.")
    private boolean noEventIndex;

    @Option(
            names = "--iommu",
            arity = "0..1",
            fallbackValue = "1024",
            defaultValue = "0",
            paramLabel = "N",
            description = "Put an IOMMU between us and the device, which may know N translations at a time (default:"
                    + " 1024). Its device must have iommu=on.")
    private int iommuEntries;

    @Option(
            names = "--timeout",
            defaultValue = "" + Target.DEFAULT_TIMEOUT_SECONDS,
            paramLabel = "SECONDS",
            description = "Longest wait for the back-end (default: ${DEFAULT-VALUE}).")
    private double timeout;

    /**
     * What the options ask for.
     *
     * @throws IllegalArgumentException if it cannot be
     */
    Target target() {
        if (iommuEntries < 0) {
            throw new IllegalArgumentException(iommuEntries + " translations are less than none");
        }
        return new Target(
                socket,
                server,
                queueSize,
                packed,
                inOrder,
                indirect,
                !noEventIndex,
                true,
                iommuEntries,
                Duration.ofMillis((long) (timeout * 1000)));
    }
}
