package dev.cipu.shim.sim.validation;

import dev.cipu.shim.sim.Experiment;
import dev.cipu.sim.model.Part;
import dev.cipu.sim.model.Result;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;

/** What of a run is held against a published figure. */
enum Metric {
    MPPS("mpps"),
    KIOPS("kiops"),
    GIGABITS("gigabits"),
    CABLE("cable"),
    P50("p50"),
    CORES_NANOS("cores-nanos"),
    CORES_MICROS("cores-micros"),
    READING_TIME("reading-time"),
    DEPENDENT_READS("dependent-reads"),
    HOST_CORES("host-cores"),
    LINK_BANDWIDTH("link-bandwidth");

    /** Preamble, start, check sequence and the gap between frames. [IEEE 802.3-2022 §4.4.2] */
    private static final int AROUND_A_FRAME = 24;

    private final String key;

    Metric(String key) {
        this.key = key;
    }

    /** The metric that a file names. */
    static Metric of(String key) {
        return Arrays.stream(values())
                .filter(each -> each.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("there is no metric '" + key + "'; known are "
                        + Arrays.stream(values()).map(each -> each.key).collect(Collectors.joining(", "))));
    }

    double of(Experiment experiment, Result result) {
        return switch (this) {
            case MPPS -> result.perSecond() / 1e6;
            case KIOPS -> result.perSecond() / 1e3;
            case GIGABITS -> 8 * result.bytesPerSecond() / 1e9;
            case CABLE -> 8 * result.perSecond() * (result.workload().bytes() + AROUND_A_FRAME) / 1e9;
            case P50 -> Objects.requireNonNull(result.total()).p50() / 1e3;
            case CORES_NANOS -> mean(result, Part.CORES);
            case CORES_MICROS ->
                (mean(result, Part.TO_CORES) + mean(result, Part.CORES) + mean(result, Part.FROM_CORES)) / 1e3;
            // from the doorbell until the data is there
            case READING_TIME -> (mean(result, Part.DESCRIPTORS) + mean(result, Part.FETCH)) / 1e3;
            // those of the ring, and the one of the data
            case DEPENDENT_READS -> result.roundTrips() + 1;
            case HOST_CORES -> result.hostCores();
            case LINK_BANDWIDTH ->
                Objects.requireNonNull(experiment.timing().link()).bitsPerSecond() / 1e9;
        };
    }

    private static double mean(Result result, Part part) {
        return result.stages().stream()
                .filter(stage -> stage.part() == part)
                .mapToDouble(Result.Stage::mean)
                .sum();
    }
}
