package dev.cipu.sim.pace;

import dev.cipu.dataplane.blk.BlockOp;
import java.util.SplittableRandom;

/**
 * Requests as a card's figures have them: latency from when the disk and the card have room for the request, and what more than
 * 4 KiB take at the disk's bandwidth. All that moves no data to a guest takes as long as a write.
 */
final class ProfileRequests implements RequestTiming {
    /** Bytes of the requests that latencies are figures of. */
    private static final long BYTES_OF_FIGURES = 4096;

    private final Latency read;
    private final Latency write;
    private final double nanosPerByte;
    private final Limits disk;
    private final Limits card;
    private final SplittableRandom random;

    /**
     * @param nanosPerByte 0 if no bandwidth is known
     */
    ProfileRequests(
            Latency read, Latency write, double nanosPerByte, Limits disk, Limits card, SplittableRandom random) {
        this.read = read;
        this.write = write;
        this.nanosPerByte = nanosPerByte;
        this.disk = disk;
        this.card = card;
        this.random = random;
    }

    @Override
    public long due(long now, BlockOp op, long bytes) {
        long moved = op == BlockOp.READ || op == BlockOp.WRITE ? bytes : 0;
        long start = Moments.later(disk.pass(now, moved), card.pass(now, moved));
        long latency = (op == BlockOp.READ ? read : write).draw(random);
        long rest = (long) Math.ceil(Math.max(0, moved - BYTES_OF_FIGURES) * nanosPerByte);
        return start + latency + rest;
    }
}
