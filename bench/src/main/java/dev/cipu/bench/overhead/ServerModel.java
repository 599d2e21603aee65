package dev.cipu.bench.overhead;

import dev.cipu.bench.overhead.Figure.Mark;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the costs mean for a server full of instances: an extrapolation. Each instance uses so many percent of what it may,
 * packets and I/Os alike. The ways that are paid by the operation take what they took for one when a queue had that much to
 * do; pollers are there for the limits, whatever is used of them.
 */
final class ServerModel {
    /** Percent of their limits that instances use. */
    static final List<Integer> LOADS = Levels.PERCENTS;

    /** For what others have published about software. */
    static final String PUBLISHED = "published";

    private static final String CORES = "server/cores";
    private static final String INSTANCES = "server/instances";

    private final Ledger ledger;
    private final Published.Instance instance;

    ServerModel(Ledger ledger, Published.Instance instance) {
        this.ledger = ledger;
        this.instance = instance;
    }

    /** The id of a figure of the server under one load. */
    static String id(String way, int load, String figure) {
        return "server/" + way + "/" + load + "/" + figure;
    }

    /**
     * Enters what all ways take that have done both works.
     *
     * @param cores of the server
     * @param packets a work of packets alone, null if none was done
     * @param requests a work of I/Os alone, null if none was done
     */
    void enter(int cores, @Nullable Work packets, @Nullable Work requests) {
        ledger.assumed(CORES, "Cores of the server", cores, "cores", "--server-cores");
        ledger.derived(
                INSTANCES,
                "Instances on it",
                "",
                Mark.EXTRAPOLATED,
                "floor(n / v)",
                Map.of("n", CORES, "v", instance.id("vcpus")));
        for (int load : LOADS) {
            ledger.assumed("server/load-" + load, "Load", load, "% of the limits", "the loads of the extrapolation");
        }
        ledger.derived(
                "published/2016-percent",
                "Part of a server that virtualization took in 2016",
                "%",
                Mark.PUBLISHED,
                "100 * l / n",
                Map.of("l", "published/2016-lost", "n", "published/2016-cores"));
        software();
        if (packets != null && requests != null) {
            for (Way way : List.of(Way.INTERRUPT, Way.VMM, Way.CARD)) {
                byOperation(way, packets, requests);
            }
            for (Way way : List.of(Way.POLL, Way.POLL_PEER)) {
                pollers(way, packets, requests);
            }
        }
    }

    private void software() {
        for (int load : LOADS) {
            burned(
                    PUBLISHED,
                    load,
                    "u / 100 * n * (p / v + i * c / o)",
                    with(Map.of(
                            "v",
                            "published/vswitch-packets",
                            "c",
                            "published/kernel-cores",
                            "o",
                            "published/kernel-iops",
                            "u",
                            "server/load-" + load)));
        }
    }

    /**
     * Of an emulated guest only the devices count, and only as they are at their busiest: what the emulation of its driver takes
     * says nothing about a real one.
     */
    private void byOperation(Way way, Work packets, Work requests) {
        for (int load : LOADS) {
            String level = Integer.toString(load);
            String packet = way == Way.VMM
                    ? Accounts.id(packets, way, Measured.DEVICE_CPU)
                    : Levels.id(packets, way, level, Accounts.COST);
            String request = way == Way.VMM
                    ? Accounts.id(requests, way, Measured.DEVICE_CPU)
                    : Levels.id(requests, way, level, Accounts.COST);
            if (ledger.has(packet) && ledger.has(request)) {
                burned(
                        way.id(),
                        load,
                        "u / 100 * n * (p * max(a, 0) + i * max(b, 0)) / 1e9",
                        with(Map.of("a", packet, "b", request, "u", "server/load-" + load)));
            }
        }
    }

    private void pollers(Way way, Work packets, Work requests) {
        String packet = Accounts.id(packets, way, Measured.PACKET_RATE);
        String request = Accounts.id(requests, way, Measured.REQUEST_RATE);
        if (!ledger.has(packet) || !ledger.has(request)) {
            return;
        }
        for (int load : LOADS) {
            burned(way.id(), load, "ceil(n * p / a) + ceil(n * i / b)", with(Map.of("a", packet, "b", request)));
        }
    }

    /** These inputs, and what every formula needs: n instances with limits p and i. */
    private Map<String, String> with(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(more);
        all.put("n", INSTANCES);
        all.put("p", instance.id("packets"));
        all.put("i", instance.id("iops"));
        return all;
    }

    private void burned(String way, int load, String formula, Map<String, String> inputs) {
        String burned = id(way, load, "burned");
        ledger.derived(
                burned, "Cores that it takes at " + load + " %, " + way, "cores", Mark.EXTRAPOLATED, formula, inputs);
        ledger.derived(
                id(way, load, "left"),
                "Cores left to sell at " + load + " %, " + way,
                "cores",
                Mark.EXTRAPOLATED,
                "max(n - b, 0)",
                Map.of("n", CORES, "b", burned));
    }
}
