package dev.cipu.shim.cli;

import dev.cipu.shim.load.Target;
import dev.cipu.shim.replay.live.Writes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of {@code cipu trace replay} for a live device. */
final class ReplayDeviceOptions {
    /** Those that make no sense for the model. */
    static final List<String> NAMES = List.of("--writes", "--timeout");

    @ArgGroup(multiplicity = "0..1")
    private @Nullable DevicePlace place;

    @Option(
            names = "--writes",
            paramLabel = "send|skip",
            converter = WritesConverter.class,
            description =
                    "What becomes of writes and discards, which destroy what the disk holds. Without it a trace that"
                            + " has some is refused.")
    private Writes writes = Writes.REFUSE;

    @Option(
            names = "--timeout",
            defaultValue = "" + Target.DEFAULT_TIMEOUT_SECONDS,
            paramLabel = "SECONDS",
            description = "Longest wait for the device (default: ${DEFAULT-VALUE}).")
    private double timeout;

    /** Reads the word. */
    static final class WritesConverter implements ITypeConverter<Writes> {
        @Override
        public Writes convert(String value) {
            return switch (value) {
                case "send" -> Writes.SEND;
                case "skip" -> Writes.SKIP;
                default -> throw new TypeConversionException("'" + value + "' is neither send nor skip");
            };
        }
    }

    /** Where the device is; null if none is named. */
    @Nullable
    DevicePlace place() {
        return place;
    }

    Writes writes() {
        return writes;
    }

    /** @throws IllegalArgumentException if it cannot be */
    Target target(Path at, int queueSize, boolean packed) {
        return new Target(
                at, false, queueSize, packed, false, false, true, true, 0, Duration.ofMillis((long) (timeout * 1000)));
    }
}
