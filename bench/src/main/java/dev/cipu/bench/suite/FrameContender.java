package dev.cipu.bench.suite;

import dev.cipu.bench.process.PinnedCall;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.versus.Contender;
import java.io.IOException;
import java.util.Map;

/** A side that moves frames on one core of this process, in its turns only. */
final class FrameContender implements Contender<Integer> {
    private static final double NANOS = 1e9;

    /** Bursts between two looks at the clock. */
    private static final int BURSTS = 64;

    private final int core;
    private final Frames frames;

    FrameContender(int core, Frames frames) {
        this.core = core;
        this.frames = frames;
    }

    @Override
    public Map<String, Double> measure(Integer frameBytes, RunLength length) throws IOException, InterruptedException {
        return PinnedCall.on(core, "frames", () -> {
            rate(frameBytes, length.warmupSeconds());
            return Map.of(SwitchMatch.RATE, rate(frameBytes, length.seconds()));
        });
    }

    /** Frames a second over that many seconds. */
    private double rate(int bytes, double seconds) {
        long start = System.nanoTime();
        long moved = 0;
        long took;
        do {
            for (int i = 0; i < BURSTS; i++) {
                frames.burst(bytes);
            }
            moved += (long) BURSTS * Frames.BURST;
            took = System.nanoTime() - start;
        } while (took < seconds * NANOS);
        return moved * NANOS / took;
    }
}
