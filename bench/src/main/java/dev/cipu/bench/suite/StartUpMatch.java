package dev.cipu.bench.suite;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.versus.Contender;
import dev.cipu.bench.versus.Match;
import java.util.ArrayList;
import java.util.List;

/** The command line with its caches against the same without. Every start has the card core and no other. */
final class StartUpMatch implements Match<StartUp> {
    static final String MILLIS = "millis";

    private final Launch launch;
    private final int core;
    private final List<Scenario<StartUp>> scenarios = new ArrayList<>();

    StartUpMatch(Setup setup, Launch launch) {
        this.launch = launch;
        core = setup.cardCore();
        for (StartUp what : StartUp.values()) {
            String name = StartUpPart.NAME + "/" + what.label();
            if (setup.wants(name)) {
                scenarios.add(new Scenario<>(what, List.of(new Metric(name, "ms", MILLIS, false))));
            }
        }
    }

    @Override
    public List<Scenario<StartUp>> scenarios() {
        return scenarios;
    }

    @Override
    public String peerName() {
        return "the same command without the caches";
    }

    @Override
    public Contender<StartUp> startOurs(Children children) {
        return new StartUpContender(children, launch, core, true);
    }

    @Override
    public Contender<StartUp> startPeer(Children children) {
        return new StartUpContender(children, launch, core, false);
    }
}
