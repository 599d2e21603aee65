package dev.cipu.bench.versus;

import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.report.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs both sides in turns, A B A B, on the same two cores. All processes of a match are alive together, and held still
 * except during their turns, so that a pair is seconds apart and neither side pays its start-up in a sample. They are
 * started afresh every few rounds: one lucky layout of memory or code must not decide.
 */
final class Comparison {
    private static final int ROUNDS_A_LAUNCH = 5;

    /** A fresh server's first turn, which is not looked at: ours is compiled in it, for two seconds, by the core that serves. */
    private static final RunLength WARM_UP = new RunLength(3, 0.2);

    private final PlacementProbe probe;
    private final Progress progress;
    private final int rounds;
    private final int mostRounds;
    private final RunLength length;

    /**
     * @param rounds pairs wanted for each workload
     * @param mostRounds pairs after which placements that keep changing are put up with
     */
    Comparison(PlacementProbe probe, Progress progress, int rounds, int mostRounds, RunLength length) {
        this.probe = probe;
        this.progress = progress;
        this.rounds = rounds;
        this.mostRounds = mostRounds;
        this.length = length;
    }

    /** The cases of one match, in the order of its scenarios. */
    <W> List<CaseResult> run(Match<W> match) throws IOException, InterruptedException {
        Map<Match.Scenario<W>, PairLog> logs = new HashMap<>();
        for (Match.Scenario<W> scenario : match.scenarios()) {
            logs.put(scenario, new PairLog(rounds, mostRounds));
        }
        probe.warmUp();
        while (logs.values().stream().anyMatch(PairLog::wantsMore)) {
            launch(match, logs);
        }
        List<CaseResult> results = new ArrayList<>();
        for (Match.Scenario<W> scenario : match.scenarios()) {
            PairLog log = logs.get(scenario);
            for (Metric metric : scenario.metrics()) {
                if (log != null) {
                    results.add(log.result(metric, match.peerName()));
                }
            }
        }
        return results;
    }

    private <W> void launch(Match<W> match, Map<Match.Scenario<W>, PairLog> logs)
            throws IOException, InterruptedException {
        try (Children children = new Children()) {
            progress.show("starting " + match.peerName());
            Contender<W> peer = match.startPeer(children);
            progress.show("starting cipu");
            Contender<W> ours = match.startOurs(children);
            progress.show("warming up");
            W first = match.scenarios().getFirst().workload();
            peer.measure(first, WARM_UP);
            ours.measure(first, WARM_UP);
            for (int round = 0; round < ROUNDS_A_LAUNCH; round++) {
                for (Match.Scenario<W> scenario : match.scenarios()) {
                    PairLog log = logs.get(scenario);
                    if (log != null && log.wantsMore()) {
                        log.add(pair(scenario, log.size() + 1, peer, ours));
                    }
                }
            }
        }
    }

    private <W> Pair pair(Match.Scenario<W> scenario, int round, Contender<W> peer, Contender<W> ours)
            throws IOException, InterruptedException {
        Metric metric = scenario.metrics().getFirst();
        progress.show(metric.caseName() + ": round " + round + " of " + rounds + ", the peer");
        PlacementProbe.Reading before = probe.read();
        Map<String, Double> theirs = peer.measure(scenario.workload(), length);
        PlacementProbe.Reading between = probe.read();
        progress.show(metric.caseName() + ": round " + round + " of " + rounds + ", we");
        Map<String, Double> our = ours.measure(scenario.workload(), length);
        Pair pair = new Pair(our, theirs, before, between, probe.read());
        tell(metric, round, pair);
        return pair;
    }

    private void tell(Metric metric, int round, Pair pair) {
        double our = pair.ours().getOrDefault(metric.figure(), 0.0);
        double peer = pair.peer().getOrDefault(metric.figure(), 0.0);
        progress.line(String.format(
                Locale.ROOT,
                "%-36s #%-2d ours %,.0f  peer %,.0f %s  ratio %.2f  %s (%.0f, %.0f, %.0f ns)",
                metric.caseName(),
                round,
                our,
                peer,
                metric.unit(),
                metric.ratio(our, peer),
                pair.placement().label(),
                pair.before().best(),
                pair.between().best(),
                pair.after().best()));
        progress.line("    ours " + new TreeMap<>(pair.ours()));
        progress.line("    peer " + new TreeMap<>(pair.peer()));
    }
}
