package dev.cipu.sim.memory;

import java.lang.foreign.MemorySegment;

/** The card's own memory, handed out once, from its beginning. */
public final class CardMemory {
    private static final long ALIGN = 64;

    private final MemorySegment content;
    private long used;

    public CardMemory(MemorySegment content) {
        this.content = content;
    }

    /**
     * Room of its own.
     *
     * @return where it begins; a multiple of 64
     * @throws IllegalStateException if there is no more
     */
    public long allocate(long bytes) {
        long at = used;
        if (bytes > content.byteSize() - at) {
            throw new IllegalStateException("the card's " + content.byteSize() + " bytes of memory are used up");
        }
        used = at + ((bytes + ALIGN - 1) & -ALIGN);
        return at;
    }

    public MemorySegment content() {
        return content;
    }
}
