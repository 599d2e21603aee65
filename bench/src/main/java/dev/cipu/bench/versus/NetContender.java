package dev.cipu.bench.versus;

import dev.cipu.bench.process.CardCounters;
import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.NotificationCount;
import dev.cipu.bench.process.PortStats;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.TestPmd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network back-end and a testpmd of its own in front of it. */
final class NetContender implements Contender<Integer> {
    static final String RATE = "packetsPerSecond";
    private static final double MILLIS = 1e3;
    private static final long STEP_MILLIS = 20;
    private static final int MOST_STEPS = 100;

    private final Child server;
    private final TestPmd frontEnd;
    private final @Nullable Path counters;

    /**
     * @param server the back-end
     * @param frontEnd connected to it
     * @param counters the card's counters, null if the server is no card
     */
    NetContender(Child server, TestPmd frontEnd, @Nullable Path counters) {
        this.server = server;
        this.frontEnd = frontEnd;
        this.counters = counters;
    }

    @Override
    public Map<String, Double> measure(Integer frameBytes, RunLength length) throws IOException, InterruptedException {
        server.goOn();
        frontEnd.start(frameBytes);
        PortStats first = warmUp(frameBytes, length);
        CardCounters before = counters == null ? null : CardCounters.read(counters);
        long notifications = NotificationCount.of(server.pid());
        Thread.sleep((long) (length.seconds() * MILLIS));
        Map<String, Double> figures = new HashMap<>();
        figures.put("notifications", (double) (NotificationCount.of(server.pid()) - notifications));
        if (counters != null && before != null) {
            CardCounters after = CardCounters.read(counters);
            figures.put("calls", (double) after.grown("calls", before));
            figures.put("dropped", (double) after.grown("dropped", before));
        }
        PortStats last = frontEnd.stats();
        frontEnd.stop();
        server.hold();
        figures.put(RATE, last.packetsPerSecond());
        figures.put("frontEndDropped", (double) (last.dropped() - first.dropped()));
        double bytes = last.meanBytesSince(first);
        if (Math.round(bytes) != frameBytes) {
            throw new IOException("frames of " + frameBytes + " bytes came back with " + bytes + " on average, "
                    + (last.packets() - first.packets()) + " of them");
        }
        return figures;
    }

    /** Lets frames pass, and at least until none of those that the sample before left in the rings comes back any more. */
    private PortStats warmUp(int frameBytes, RunLength length) throws IOException, InterruptedException {
        Thread.sleep((long) (length.warmupSeconds() * MILLIS));
        PortStats now = frontEnd.stats();
        PortStats earlier;
        int steps = 0;
        do {
            Thread.sleep(STEP_MILLIS);
            earlier = now;
            now = frontEnd.stats();
            steps++;
        } while (steps < MOST_STEPS && Math.round(now.meanBytesSince(earlier)) != frameBytes);
        return now;
    }
}
