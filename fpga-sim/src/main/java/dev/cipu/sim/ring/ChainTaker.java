package dev.cipu.sim.ring;

/** What becomes of the chains that an engine reads. */
public interface ChainTaker {
    /** A chain is read; {@link DescriptorEngine#complete} gives it back. */
    void take(Chain chain);

    /** Used elements have arrived in the host's memory; {@code count} of them. */
    void used(int count);
}
