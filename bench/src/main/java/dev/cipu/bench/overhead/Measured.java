package dev.cipu.bench.overhead;

import dev.cipu.shim.load.GuestLoadResult;
import dev.cipu.shim.posix.CpuUsage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one turn of one way showed.
 *
 * @param figures by name
 * @param packetCurve distribution of the packets' latency, empty if there were none
 * @param requestCurve distribution of the requests' latency
 * @param driverHotSpots samples of the driver by method, empty if nobody looked
 * @param deviceHotSpots samples of the device by method
 */
record Measured(
        Map<String, Double> figures,
        List<GuestLoadResult.Point> packetCurve,
        List<GuestLoadResult.Point> requestCurve,
        Map<String, Integer> driverHotSpots,
        Map<String, Integer> deviceHotSpots) {
    static final String OPS_RATE = "opsPerSecond";
    static final String PACKET_RATE = "packetsPerSecond";
    static final String REQUEST_RATE = "requestsPerSecond";

    /** Processor time for an operation: the driver's as the kernel counts it, and the part of it that was work. */
    static final String DRIVER_CPU = "driverCpuNanosPerOp";

    static final String DRIVER_WORK = "driverWorkNanosPerOp";

    /** The device's processor time, whoever pays for it. */
    static final String DEVICE_CPU = "deviceCpuNanosPerOp";

    static final String KICKS = "kicksPerOp";
    static final String CALLS = "callsPerOp";
    static final String SWITCHES = "contextSwitchesPerOp";
    static final String DRIVER_BYTES = "driverBytesPerOp";
    static final String DEVICE_BYTES = "deviceBytesPerOp";

    /** Lines that came from memory or another core; only where the processor's counters can be read. */
    static final String DRIVER_MISSES = "driverCacheMissesPerOp";

    static final String DEVICE_MISSES = "deviceCacheMissesPerOp";

    /** Host processors in use, waiting left out. */
    static final String DRIVER_CORES = "driverCores";

    static final String DEVICE_CORES = "deviceCores";

    static final String P50 = "P50Micros";
    static final String P99 = "P99Micros";
    static final String P999 = "P999Micros";
    static final String OFFERED = "Offered";
    static final String DONE = "Done";
    static final String LATE = "Late";
    static final String PACKET = "packet";
    static final String REQUEST = "request";
    private static final double MICROS = 1e3;
    private static final double NANOS = 1e9;

    /** From what the driver's process says. */
    static Measured of(Job.Answer answer, Map<String, Integer> deviceHotSpots) {
        GuestLoadResult result = answer.result();
        if (result == null) {
            throw new IllegalArgumentException("no result: " + answer.failure());
        }
        GuestLoadResult.Flow packets = result.packets();
        GuestLoadResult.Flow requests = result.requests();
        double ops = Math.max(1, (packets == null ? 0 : packets.ops()) + (requests == null ? 0 : requests.ops()));
        CpuUsage device = answer.servers().values().stream().reduce(CpuUsage.NONE, CpuUsage::plus);
        Map<String, Double> figures = new TreeMap<>();
        figures.put("seconds", result.seconds());
        figures.put(OPS_RATE, ops / result.seconds());
        latency(figures, PACKET, PACKET_RATE, packets);
        latency(figures, REQUEST, REQUEST_RATE, requests);
        double work = result.cpuNanos() * result.workShare();
        figures.put(DRIVER_CPU, result.cpuNanos() / ops);
        figures.put(DRIVER_WORK, work / ops);
        figures.put(DEVICE_CPU, device.cpuNanos() / ops);
        figures.put(DRIVER_CORES, work / NANOS / result.seconds());
        figures.put(DEVICE_CORES, device.cpuNanos() / NANOS / result.seconds());
        known(figures, KICKS, result.kicks(), ops);
        known(figures, CALLS, result.calls(), ops);
        figures.put(SWITCHES, (result.switches() + device.switches()) / ops);
        known(figures, DRIVER_BYTES, result.allocatedBytes(), ops);
        known(figures, DEVICE_BYTES, answer.deviceBytes(), ops);
        known(figures, DRIVER_MISSES, answer.driverMisses(), ops);
        known(figures, DEVICE_MISSES, answer.deviceMisses(), ops);
        return new Measured(
                figures,
                packets == null ? List.of() : packets.curve(),
                requests == null ? List.of() : requests.curve(),
                answer.hotSpots(),
                deviceHotSpots);
    }

    /** The name of a figure of one phase of an open load. */
    static String phase(String phase, String kind, String figure) {
        return "phase/" + phase + "/" + kind + figure;
    }

    /** A count for an operation, if it is known: what is not is negative. */
    private static void known(Map<String, Double> figures, String name, long count, double ops) {
        if (count >= 0) {
            figures.put(name, count / ops);
        }
    }

    private static void latency(
            Map<String, Double> figures, String kind, String rate, GuestLoadResult.@Nullable Flow flow) {
        if (flow != null) {
            figures.put(rate, flow.perSecond());
            figures.put(kind + P50, flow.latencyNs().p50() / MICROS);
            figures.put(kind + P99, flow.latencyNs().p99() / MICROS);
            figures.put(kind + P999, flow.latencyNs().p999() / MICROS);
            for (GuestLoadResult.PhaseResult phase : flow.phases()) {
                figures.put(phase(phase.name(), kind, OFFERED), (double) phase.offered());
                figures.put(phase(phase.name(), kind, DONE), (double) phase.ops());
                figures.put(phase(phase.name(), kind, LATE), (double) phase.late());
                figures.put(phase(phase.name(), kind, P99), phase.latencyNs().p99() / MICROS);
            }
        }
    }
}
