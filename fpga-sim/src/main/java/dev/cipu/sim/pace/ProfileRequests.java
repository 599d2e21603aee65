package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockOp;
import dev.cipu.sim.model.CardTimes;
import java.util.SplittableRandom;

/**
 * Requests as the model has them: their time begins when the disk and the card have room for the request. All that moves no data
 * takes as long as the smallest write.
 */
final class ProfileRequests implements RequestTiming {
    private final CardModel.Requests times;
    private final Limits disk;
    private final RateClock card;
    private final SplittableRandom random;

    /**
     * Requests of a disk.
     *
     * @param card counts picoseconds of its time
     */
    ProfileRequests(CardModel.Requests times, Limits disk, RateClock card, SplittableRandom random) {
        this.times = times;
        this.disk = disk;
        this.card = card;
        this.random = random;
    }

    @Override
    public long due(long now, BlockOp op, long bytes) {
        long moved = op == BlockOp.READ || op == BlockOp.WRITE ? bytes : 0;
        TimesBySize kind = op == BlockOp.READ ? times.read() : times.write();
        long start = Moments.later(disk.pass(now, moved), card.take(now, kind.busy(moved)));
        return start + kind.nanos(random.nextInt(CardTimes.TIMES), moved);
    }
}
