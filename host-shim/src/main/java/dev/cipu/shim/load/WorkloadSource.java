package dev.cipu.shim.load;

import org.jspecify.annotations.Nullable;

/** The requests of a {@link BlkWorkload}, endless. With a ledger, blocks that have a request under way are passed over. */
final class WorkloadSource implements BlkSource {
    private static final int TRIES = 16;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final boolean random;
    private final int readPercent;
    private final long blocks;
    private final @Nullable BlockLedger ledger;
    private long state;
    private long position;
    private boolean reads;

    WorkloadSource(BlkWorkload workload, long blocks, long seed, @Nullable BlockLedger ledger) {
        this.random = workload.random();
        this.readPercent = workload.readPercent();
        this.blocks = blocks;
        this.ledger = ledger;
        this.state = seed;
        this.reads = readPercent == 100;
    }

    @Override
    public long next() {
        if (readPercent > 0 && readPercent < 100) {
            reads = percent() < readPercent;
        }
        BlockLedger book = ledger;
        if (book == null) {
            return random ? randomBlock() : sequentialBlock();
        }
        for (int i = 0; i < TRIES; i++) {
            long block = random ? randomBlock() : position;
            if (book.take((int) block)) {
                return random ? block : sequentialBlock();
            }
        }
        return NONE;
    }

    @Override
    public boolean reads() {
        return reads;
    }

    private long sequentialBlock() {
        long block = position;
        position = block + 1 == blocks ? 0 : block + 1;
        return block;
    }

    private long randomBlock() {
        // the high half of a 128-bit product maps 64 random bits to 0..blocks-1 without a division
        return Math.unsignedMultiplyHigh(random(), blocks);
    }

    private int percent() {
        return (int) (((random() >>> 32) * 100) >>> 32);
    }

    private long random() {
        state += GOLDEN;
        return BlockPattern.mix(state);
    }
}
