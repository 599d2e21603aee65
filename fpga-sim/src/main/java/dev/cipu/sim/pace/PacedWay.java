package dev.cipu.sim.pace;

import dev.cipu.dataplane.net.Burst;
import dev.cipu.dataplane.net.PacketPool;

/** One direction of a {@link PacedPort}: its frames, their timing and its counts. Owner: the switch's worker. */
final class PacedWay {
    private final PacketPool pool;
    private final FrameTiming timing;
    private final PaceLog log;
    private final HeldFrames held = new HeldFrames();
    private int large;

    /** When the frames were due that left with the last burst. */
    private final long[] given = new long[Burst.CAPACITY];

    private int givenCount;

    PacedWay(PacketPool pool, FrameTiming timing, PaceLog log) {
        this.pool = pool;
        this.timing = timing;
        this.log = log;
    }

    boolean isEmpty() {
        return held.count() == 0;
    }

    /** Whether there is room for all that a turn may bring, but for large frames beyond the first. */
    boolean hasRoomForBurst() {
        return held.room() >= Burst.CAPACITY && large < PacedPort.LARGE_FRAMES;
    }

    /** Holds a frame back; there must be room for it, and its slot is no longer the caller's. */
    void hold(int slot, int length, long offload, long now) {
        large += pool.isLarge(slot) ? 1 : 0;
        long due = held.add(slot, length, offload, timing.due(now, length));
        log.asked(due - now);
    }

    /** Whether there is room for the frame of a slot. */
    boolean hasRoomFor(int slot) {
        return held.room() > 0 && (large < PacedPort.LARGE_FRAMES || !pool.isLarge(slot));
    }

    /** Moves what is due to {@code burst}, as far as there is room; its slots are the caller's then. Returns how many. */
    int leave(Burst burst, long now) {
        givenCount = 0;
        while (burst.room() > 0 && held.isDue(now)) {
            given[givenCount++] = held.due();
            burst.add(held.slot(), held.length(), held.offload());
            forget();
        }
        return givenCount;
    }

    private void forget() {
        large -= pool.isLarge(held.slot()) ? 1 : 0;
        held.remove();
    }

    /** What {@link #leave} moved last has arrived. */
    void arrived(long now) {
        for (int i = 0; i < givenCount; i++) {
            log.given(now - given[i]);
        }
        givenCount = 0;
    }

    void dropped(int frames) {
        log.dropped(frames);
    }

    /** Nanoseconds until the first frame is due. */
    long dueIn(long now) {
        return isEmpty() ? Long.MAX_VALUE : Math.max(0, held.due() - now);
    }

    /** Gives all slots back. */
    void clear() {
        while (!isEmpty()) {
            pool.release(held.slot());
            forget();
        }
    }
}
