package dev.cipu.sim.ring;

/**
 * How a descriptor engine is built.
 *
 * @param prefetch ring entries, or descriptors of a packed ring, that it reads at a time
 * @param line descriptors of a split queue's table that it reads at a time, a power of two
 * @param usedBatch used elements that it writes at a time
 * @param usedWait picoseconds for which fewer of them wait
 * @param indirectEntries descriptors of an indirect table that it has room for
 * @param eventIndex whether EVENT_IDX was negotiated
 */
public record EngineShape(
        int prefetch, int line, int usedBatch, long usedWait, int indirectEntries, boolean eventIndex) {
    public EngineShape {
        if (prefetch < 1 || line < 1 || Integer.bitCount(line) != 1 || usedBatch < 1 || usedWait < 0) {
            throw new IllegalArgumentException("an engine that reads " + prefetch + " entries and lines of " + line
                    + ", and writes " + usedBatch + " at a time after " + usedWait + " ps");
        }
    }
}
