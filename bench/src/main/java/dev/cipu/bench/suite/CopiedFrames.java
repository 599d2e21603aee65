package dev.cipu.bench.suite;

import dev.cipu.bench.guest.PortGuest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Frames copied from memory to memory once, from and to as many buffers as a guest's ring has. */
final class CopiedFrames implements Frames {
    private static final int BUFFER_BYTES = 2048;
    private static final int PAGE = 4096;

    private final MemorySegment from = buffers();
    private final MemorySegment to = buffers();
    private int turn;

    private static MemorySegment buffers() {
        return Arena.ofAuto().allocate((long) PortGuest.SIZE * BUFFER_BYTES, PAGE);
    }

    @Override
    public void burst(int bytes) {
        for (int i = 0; i < BURST; i++) {
            long at = (long) (turn++ & PortGuest.SIZE - 1) * BUFFER_BYTES;
            MemorySegment.copy(from, at, to, at, bytes);
        }
    }
}
