package dev.cipu.bench.overhead;

import dev.cipu.bench.machine.PlacementProbe;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.report.Progress;
import java.io.IOException;
import java.util.List;

/**
 * Lets all ways do all works, in turns: way by way, work by work, round by round, and everything started afresh every few
 * rounds, so that neither a moment's noise nor a lucky layout of memory or code decides between two ways.
 */
final class Rotation {
    /** A server's first turn of each kind, which nobody looks at: ours is still being compiled in it. */
    private static final RunLength WARM_UP = new RunLength(0.05, 0.25);

    private final Plan plan;
    private final StandsOf stands;
    private final PlacementProbe probe;
    private final Progress progress;
    private final TurnLog log = new TurnLog();

    /** Sets all ways up. */
    @FunctionalInterface
    interface StandsOf {
        List<Stand> start(Children children) throws IOException, InterruptedException;
    }

    /** What is done while all ways stand, besides the rounds. */
    @FunctionalInterface
    interface Extra {
        void run(List<Stand> stands, TurnLog log) throws IOException, InterruptedException;
    }

    /**
     * How much is done.
     *
     * @param works what
     * @param rounds samples of each work and way
     * @param roundsALaunch after which everything is started afresh
     * @param length of a sample
     */
    record Plan(List<Work> works, int rounds, int roundsALaunch, RunLength length) {}

    Rotation(Plan plan, StandsOf stands, PlacementProbe probe, Progress progress) {
        this.plan = plan;
        this.stands = stands;
        this.probe = probe;
        this.progress = progress;
    }

    /**
     * Does all of it. Where the cores move and spoil samples there are more rounds, half as many again at most.
     *
     * @param extra done once, in the first launch, after its rounds
     */
    TurnLog run(Extra extra) throws IOException, InterruptedException {
        probe.warmUp();
        int round = 0;
        boolean first = true;
        while (round < plan.rounds() || (round < plan.rounds() * 3 / 2 && isShort())) {
            try (Children children = new Children()) {
                progress.show("starting all ways");
                List<Stand> all = stands.start(children);
                warmUp(all);
                for (int i = 0; i < plan.roundsALaunch() && (round < plan.rounds() || isShort()); i++) {
                    round++;
                    round(all, round);
                }
                if (first) {
                    first = false;
                    extra.run(all, log);
                }
            }
        }
        return log;
    }

    private void warmUp(List<Stand> all) throws IOException, InterruptedException {
        for (Stand stand : all) {
            for (Work work : plan.works()) {
                if (stand.refusal(work) == null) {
                    progress.show("warming up " + stand.way().title() + ": " + work.name());
                    stand.measure(work, WARM_UP, null, false);
                }
            }
        }
    }

    private void round(List<Stand> all, int round) throws IOException, InterruptedException {
        for (Work work : plan.works()) {
            PlacementProbe.Reading before = probe.read();
            for (Stand stand : all) {
                if (stand.refusal(work) == null) {
                    progress.show("round " + round + " of " + plan.rounds() + ": " + work.name() + ", "
                            + stand.way().title());
                    Measured measured = stand.measure(work, plan.length(), null, false);
                    PlacementProbe.Reading after = probe.read();
                    log.add(Turn.Kind.ROUND, work, stand.way(), round, measured, before.best(), after.best());
                    before = after;
                }
            }
        }
    }

    /** Whether some way has too few samples that count. */
    private boolean isShort() {
        int wanted = (plan.rounds() + 1) / 2;
        return log.all().stream()
                .filter(turn -> turn.kind() == Turn.Kind.ROUND)
                .anyMatch(turn -> log.steady(turn.work(), turn.way()) < wanted);
    }
}
