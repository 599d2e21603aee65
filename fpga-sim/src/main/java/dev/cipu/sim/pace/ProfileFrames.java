package dev.cipu.sim.pace;

import java.util.SplittableRandom;

/** Frames of a port in one direction as a card's figures have them: latency from when port and card have room for the frame. */
final class ProfileFrames implements FrameTiming {
    private final Latency latency;
    private final Limits port;
    private final Limits card;
    private final SplittableRandom random;

    ProfileFrames(Latency latency, Limits port, Limits card, SplittableRandom random) {
        this.latency = latency;
        this.port = port;
        this.card = card;
        this.random = random;
    }

    @Override
    public long due(long now, int bytes) {
        return Moments.later(port.pass(now, bytes), card.pass(now, bytes)) + latency.draw(random);
    }
}
