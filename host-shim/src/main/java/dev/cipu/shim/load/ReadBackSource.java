package dev.cipu.shim.load;

/** Reads each block that the run has written once. */
final class ReadBackSource implements BlkSource {
    private final BlockLedger ledger;
    private int position;

    ReadBackSource(BlockLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public long next() {
        while (position < ledger.blocks()) {
            int block = position;
            if (ledger.generation(block) == 0) {
                position++;
                continue;
            }
            if (!ledger.take(block)) {
                return NONE;
            }
            position++;
            return block;
        }
        return NONE;
    }

    @Override
    public boolean reads() {
        return true;
    }
}
