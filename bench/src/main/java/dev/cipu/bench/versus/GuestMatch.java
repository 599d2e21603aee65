package dev.cipu.bench.versus;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.EmulatedGuest;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.report.Metric;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Two disks of one card in one guest: ours is the one over vfio-user, the peer the one over vhost-user. */
final class GuestMatch implements Match<GuestJob> {
    private static final List<Integer> DEPTHS = List.of(1, 32);

    private final Setup setup;
    private final EmulatedGuest guest;
    private final String peerName;
    private final List<Scenario<GuestJob>> scenarios = new ArrayList<>();

    /** Of the latest launch. */
    private @Nullable GuestDisks disks;

    GuestMatch(Setup setup, EmulatedGuest guest, String version) {
        this.setup = setup;
        this.guest = guest;
        peerName = "vhost-user in the same guest of QEMU " + version;
        for (int depth : DEPTHS) {
            GuestJob job = new GuestJob(depth);
            String name = "guest/blk/" + job.label();
            List<Metric> metrics = new ArrayList<>(List.of(
                    new Metric(name, "IOPS", LoadServer.IOPS, true),
                    new Metric(name + "/latency", "us", LoadServer.LATENCY, false)));
            metrics.removeIf(metric -> !setup.wants(metric.caseName()));
            if (!metrics.isEmpty()) {
                scenarios.add(new Scenario<>(job, List.copyOf(metrics)));
            }
        }
    }

    @Override
    public List<Scenario<GuestJob>> scenarios() {
        return scenarios;
    }

    @Override
    public String peerName() {
        return peerName;
    }

    @Override
    public Contender<GuestJob> startOurs(Children children) throws IOException, InterruptedException {
        return contender(children, GuestDisks.OVER_VFIO_USER);
    }

    @Override
    public Contender<GuestJob> startPeer(Children children) throws IOException, InterruptedException {
        return contender(children, GuestDisks.OVER_VHOST_USER);
    }

    private Contender<GuestJob> contender(Children children, String disk) throws IOException, InterruptedException {
        GuestDisks both = disks;
        if (both == null || !both.isAmong(children)) {
            both = GuestDisks.start(children, setup, guest);
            disks = both;
        }
        GuestDisks of = both;
        return (job, length) -> of.run(disk, job, length);
    }
}
