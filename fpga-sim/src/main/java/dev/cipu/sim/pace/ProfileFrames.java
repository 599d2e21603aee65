package dev.cipu.sim.pace;

import dev.cipu.sim.model.CardTimes;
import java.util.SplittableRandom;

/** Frames of a port in one direction as the model has them: their time begins when port and card have room for the frame. */
final class ProfileFrames implements FrameTiming {
    private final TimesBySize times;
    private final Limits port;
    private final RateClock card;
    private final SplittableRandom random;

    /**
     * Frames of a port.
     *
     * @param card counts picoseconds of its time
     */
    ProfileFrames(TimesBySize times, Limits port, RateClock card, SplittableRandom random) {
        this.times = times;
        this.port = port;
        this.card = card;
        this.random = random;
    }

    @Override
    public long due(long now, int bytes) {
        long start = Moments.later(port.pass(now, bytes), card.take(now, times.busy(bytes)));
        return start + times.nanos(random.nextInt(CardTimes.TIMES), bytes);
    }
}
