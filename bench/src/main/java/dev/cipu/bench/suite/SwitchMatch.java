package dev.cipu.bench.suite;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.report.Metric;
import dev.cipu.bench.versus.Contender;
import dev.cipu.bench.versus.Match;
import java.util.ArrayList;
import java.util.List;

/**
 * Frames from one guest to another through the switch, all on the card core, against one copy of the same frames from memory to
 * memory. No software that copies a frame can be faster than the peer, so the ratio is below 1: the part of that limit
 * that is reached.
 */
final class SwitchMatch implements Match<Integer> {
    static final String RATE = "framesPerSecond";

    /** Those of the network cases. */
    private static final List<Integer> FRAME_BYTES = List.of(64, 256, 1518);

    private final int core;
    private final List<Scenario<Integer>> scenarios = new ArrayList<>();

    SwitchMatch(Setup setup) {
        core = setup.cardCore();
        for (int bytes : FRAME_BYTES) {
            String name = SwitchPart.NAME + "/" + bytes + "B";
            if (setup.wants(name)) {
                scenarios.add(new Scenario<>(bytes, List.of(new Metric(name, "frames/s", RATE, true))));
            }
        }
    }

    @Override
    public List<Scenario<Integer>> scenarios() {
        return scenarios;
    }

    @Override
    public String peerName() {
        return "one copy from memory to memory";
    }

    @Override
    public Contender<Integer> startOurs(Children children) {
        return new FrameContender(core, new SwitchedFrames());
    }

    @Override
    public Contender<Integer> startPeer(Children children) {
        return new FrameContender(core, new CopiedFrames());
    }
}
