package dev.cipu.bench.versus;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.bench.report.Metric;
import dev.cipu.shim.load.BlkWorkload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Our polling block client against QEMU's storage daemon and against a card, both with the same kind of store. */
final class BlkMatch implements Match<BlkJob> {
    private static final Duration START = Duration.ofSeconds(30);
    private static final int SMALL = 4096;
    private static final int LARGE = 65_536;
    private static final List<Integer> DEPTHS = List.of(1, 32, 128);
    private static final int LARGE_DEPTH = 32;

    private final Setup setup;
    private final BlkNode node;
    private final LoadProcess load;
    private final String peerName;
    private final List<Scenario<BlkJob>> scenarios = new ArrayList<>();

    BlkMatch(Setup setup, String peerVersion, BlkNode node, LoadProcess load) {
        this.setup = setup;
        this.node = node;
        this.load = load;
        peerName = StorageDaemon.PROGRAM + " " + peerVersion + ", " + node.peerLabel();
        for (int depth : DEPTHS) {
            add(new BlkJob(BlkWorkload.RANDREAD, SMALL, depth));
            add(new BlkJob(BlkWorkload.RANDWRITE, SMALL, depth));
        }
        add(new BlkJob(BlkWorkload.READ, LARGE, LARGE_DEPTH));
    }

    private void add(BlkJob job) {
        String name = "blk/" + node.name() + "/" + job.label();
        List<Metric> metrics = new ArrayList<>();
        metrics.add(new Metric(name, "IOPS", LoadServer.IOPS, true));
        if (job.depth() == 1) {
            metrics.add(new Metric(name + "/latency", "us", LoadServer.LATENCY, false));
        }
        metrics.removeIf(metric -> !setup.wants(metric.caseName()));
        if (!metrics.isEmpty()) {
            scenarios.add(new Scenario<>(job, List.copyOf(metrics)));
        }
    }

    @Override
    public List<Scenario<BlkJob>> scenarios() {
        return scenarios;
    }

    @Override
    public String peerName() {
        return peerName;
    }

    @Override
    public Contender<BlkJob> startPeer(Children children) throws IOException, InterruptedException {
        Path socket = children.folder().resolve("peer");
        Child server = StorageDaemon.start(children, setup.cardCore(), setup.program(), node.peerNode(), socket);
        return listening(server, socket);
    }

    @Override
    public Contender<BlkJob> startOurs(Children children) throws IOException, InterruptedException {
        Path socket = children.folder().resolve("ours");
        Child server = children.start(
                "cipu",
                setup.cardCore(),
                false,
                Program.java(
                        Setup.MAIN,
                        List.of(
                                "serve",
                                "--blk",
                                "socket=" + socket + ",store=" + node.ourStore(),
                                "--cores",
                                Integer.toString(setup.cardCore()),
                                "--idle",
                                "spin",
                                "--stats",
                                children.folder().resolve("counters").toString())));
        return listening(server, socket);
    }

    private BlkContender listening(Child server, Path socket) throws IOException, InterruptedException {
        server.awaitSocket(socket, START);
        server.hold();
        return new BlkContender(server, socket, load);
    }
}
