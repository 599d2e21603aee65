package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A fixed slab of packet slots with reference counts. The slot freed last is taken first, so that a lightly loaded card
 * works in its first-level cache. One thread owns a pool and all slots taken from it.
 */
public final class PacketPool {
    /** Free bytes before each frame. */
    public static final int HEADROOM = 64;

    private static final int ALIGN = 64;

    /** Keeps the memory alive. */
    private final MemorySegment slots;

    private final long framesAt;
    private final int slotBytes;
    private final int frameBytes;
    private final int[] free;

    /** Holders beyond the first. */
    private final byte[] moreHolders;

    private int freeCount;

    /**
     * @param slots how many frames can be held at once
     * @param frameBytes the largest frame
     */
    public PacketPool(Arena arena, int slots, int frameBytes) {
        this.frameBytes = frameBytes;
        // an odd number of cache lines: the beginnings of frames spread over all sets of a cache
        slotBytes = ((HEADROOM + frameBytes + ALIGN - 1) & -ALIGN) | ALIGN;
        this.slots = arena.allocate((long) slots * slotBytes, ALIGN);
        framesAt = this.slots.address() + HEADROOM;
        free = new int[slots];
        moreHolders = new byte[slots];
        freeCount = slots;
        for (int i = 0; i < slots; i++) {
            free[i] = slots - 1 - i;
        }
    }

    /** A free slot with one reference, or -1. */
    public int take() {
        return freeCount == 0 ? -1 : free[--freeCount];
    }

    /** The slot that {@link #take()} would give. */
    int next() {
        return free[freeCount - 1];
    }

    /** The free slots: those up to {@link #available}, of which the last one is taken first. Only to be read. */
    int[] free() {
        return free;
    }

    /** Takes the next {@code count} slots, each with one reference. */
    void take(int count) {
        freeCount -= count;
    }

    /** One more holder of the slot, of 255 at most. */
    public void retain(int slot) {
        moreHolders[slot]++;
    }

    /** Releases the slots of the first {@code count} frames, as {@link Burst} keeps them. */
    void release(long[] frames, int count) {
        int top = freeCount;
        for (int i = 0; i < count; i++) {
            int slot = (int) (frames[i] >>> 32);
            int others = moreHolders[slot];
            if (others == 0) {
                free[top++] = slot;
            } else {
                moreHolders[slot] = (byte) (others - 1);
            }
        }
        freeCount = top;
    }

    /** Free slots. */
    public int available() {
        return freeCount;
    }

    /** All slots. */
    public int capacity() {
        return free.length;
    }

    /** Bytes of the largest frame a slot holds. */
    public int frameBytes() {
        return frameBytes;
    }

    /** The memory that {@link #frameOffset} counts in: all of this process's. */
    public MemorySegment slab() {
        return HostMemory.ALL;
    }

    /** From one slot's frame to the next one's. */
    int slotBytes() {
        return slotBytes;
    }

    /** Where the frame of a slot begins in {@link #slab}: its address in this process, a multiple of 64. */
    public long frameOffset(int slot) {
        return framesAt + (long) slot * slotBytes;
    }
}
