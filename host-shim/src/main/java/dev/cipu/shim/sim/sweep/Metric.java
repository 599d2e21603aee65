package dev.cipu.shim.sim.sweep;

import dev.cipu.sim.model.Result;
import dev.cipu.sim.model.Spread;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** What a sweep writes down of each run. */
enum Metric {
    THROUGHPUT("throughput", "packets or requests a second", Result::perSecond),
    GIGABITS("gbit", "Gb/s of payload", result -> 8 * result.bytesPerSecond() / 1e9),
    MEAN("mean_ns", "mean latency, ns", result -> total(result).mean()),
    P50("p50_ns", "median latency, ns", result -> total(result).p50()),
    P99("p99_ns", "99th percentile of latency, ns", result -> total(result).p99()),
    P9999(
            "p9999_ns",
            "99.99th percentile of latency, ns",
            result -> total(result).p9999()),
    DROPPED("dropped", "share of what came that was dropped", Result::dropped),
    GUEST("guest_ns", "ns of a guest's core for each", Result::guestNanos),
    HOST_CORES("host_cores", "cores of the host that do the card's work", Result::hostCores),
    DOORBELLS("doorbells", "doorbells for each", Result::doorbells),
    INTERRUPTS("interrupts", "interrupts for each", Result::interrupts),
    ROUND_TRIPS("round_trips", "ring round trips for each", Result::roundTrips),
    IOTLB_MISSES("iotlb_misses", "IOTLB misses for each", Result::iotlbMisses),
    BYTES_UP("link_bytes_up", "PCIe bytes to the host for each", Result::wireBytesUp),
    BYTES_DOWN("link_bytes_down", "PCIe bytes to the card for each", Result::wireBytesDown);

    private final String key;
    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // a function without state
    private final ToDoubleFunction<Result> value;

    Metric(String key, String title, ToDoubleFunction<Result> value) {
        this.key = key;
        this.title = title;
        this.value = value;
    }

    private static Spread total(Result result) {
        return Objects.requireNonNull(result.total());
    }

    /** As files write it. */
    String key() {
        return key;
    }

    String title() {
        return title;
    }

    double of(Result result) {
        return value.applyAsDouble(result);
    }

    static List<String> keys() {
        return Arrays.stream(values()).map(Metric::key).toList();
    }
}
