package dev.cipu.shim.cli;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a device is that is examined or driven, and how it is reached: one of both. */
final class DevicePlace {
    @Option(names = "--socket", required = true, paramLabel = "PATH", description = "The back-end's vhost-user socket.")
    private @Nullable Path socket;

    @Option(
            names = "--vfio-user",
            required = true,
            paramLabel = "PATH",
            description = "The vfio-user socket of a virtio function on PCI.")
    private @Nullable Path vfioUser;

    /** Of a back-end. */
    Path socket() {
        return Objects.requireNonNull(socket);
    }

    /** Of a function; null if it is a back-end. */
    @Nullable
    Path vfioUser() {
        return vfioUser;
    }
}
