package dev.cipu.bench.versus;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.report.Metric;
import java.io.IOException;
import java.util.List;

/**
 * A set-up in which both sides are compared under several workloads.
 *
 * @param <W> a workload
 */
public interface Match<W> {
    /**
     * A workload and what is compared about it.
     *
     * @param <W> a workload
     */
    record Scenario<W>(W workload, List<Metric> metrics) {}

    /** Those that are wanted, in the order of the report. */
    List<Scenario<W>> scenarios();

    /** Program, version and how it is set up. */
    String peerName();

    /** Starts our side, held still. Its processes, if it has any, belong to {@code children}. */
    Contender<W> startOurs(Children children) throws IOException, InterruptedException;

    /** Starts the peer, held still. */
    Contender<W> startPeer(Children children) throws IOException, InterruptedException;
}
