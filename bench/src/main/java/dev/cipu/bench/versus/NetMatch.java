package dev.cipu.bench.versus;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.DriverShape;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.TestPmd;
import dev.cipu.bench.report.Metric;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Frames round and round between testpmd's virtio-user driver and a back-end: DPDK's {@code net_vhost}, or a card whose
 * uplink sends everything back. Frames of 1,518 bytes are those without a checksum at an MTU of 1,500 with a VLAN tag:
 * virtio carries no checksum.
 */
final class NetMatch implements Match<Integer> {
    /** Enough for three testpmd of 256 MB each, of 2 MB pages. */
    static final int HUGE_PAGES = 416;

    /** All that is compared. */
    static final List<Integer> ALL = List.of(64, 256, 1518);

    /** Where the driver's way of using the ring shows most. */
    static final List<Integer> SMALLEST = List.of(64);

    private static final Duration START = Duration.ofSeconds(30);

    private final Setup setup;
    private final String peerName;
    private final DriverShape shape;
    private final List<Scenario<Integer>> scenarios = new ArrayList<>();

    NetMatch(Setup setup, String peerVersion, DriverShape shape, List<Integer> frameBytes) {
        this.setup = setup;
        this.shape = shape;
        peerName = ("DPDK " + peerVersion + " net_vhost, testpmd io").replace("  ", " ");
        for (int bytes : frameBytes) {
            String name = "net/" + bytes + "B/" + shape.name();
            if (setup.wants(name)) {
                scenarios.add(new Scenario<>(bytes, List.of(new Metric(name, "packets/s", NetContender.RATE, true))));
            }
        }
    }

    @Override
    public List<Scenario<Integer>> scenarios() {
        return scenarios;
    }

    @Override
    public String peerName() {
        return peerName;
    }

    @Override
    public Contender<Integer> startPeer(Children children) throws IOException, InterruptedException {
        Path socket = children.folder().resolve("peer");
        Child server = TestPmd.startBackEnd(children, setup, socket);
        TestPmd frontEnd = TestPmd.startFrontEnd(children, setup, socket, shape, "peer");
        server.hold();
        return new NetContender(server, frontEnd, null);
    }

    @Override
    public Contender<Integer> startOurs(Children children) throws IOException, InterruptedException {
        Path socket = children.folder().resolve("ours");
        Path counters = children.folder().resolve("counters");
        Child server = children.start(
                "cipu",
                setup.cardCore(),
                false,
                Program.java(
                        Setup.MAIN,
                        List.of(
                                "serve",
                                "--net",
                                "socket=" + socket,
                                "--uplink",
                                "loopback:",
                                "--cores",
                                Integer.toString(setup.cardCore()),
                                "--idle",
                                "spin",
                                "--stats",
                                counters.toString())));
        server.awaitSocket(socket, START);
        TestPmd frontEnd = TestPmd.startFrontEnd(children, setup, socket, shape, "ours");
        server.hold();
        return new NetContender(server, frontEnd, counters);
    }
}
