package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Vectors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A fixed slab of packet slots with reference counts. The slot freed last is taken first, so that a lightly loaded card
 * works in its first-level cache. One thread owns a pool and all slots taken from it.
 *
 * <p>Most slots hold a frame of the usual size. A few large ones hold any that a driver may send; such a slot is a run of
 * usual ones under the number of its first, so that a frame lies where its slot's number says whatever the slot's size.
 * They have the numbers behind all others.
 */
public final class PacketPool {
    /** Free bytes before each frame. */
    public static final int HEADROOM = 64;

    /**
     * The largest frame there is: Ethernet header, two VLAN tags, IPv6 header and all that it can count.
     * {@code [virtio-1.4 §5.1.6.3]}
     */
    public static final int LARGEST_FRAME = 14 + 8 + 40 + 65535;

    private static final int ALIGN = 64;

    /** Said of a large slot, beside its holders. */
    private static final int LARGE = 0x100;

    /** Keeps the memory alive. */
    private final MemorySegment slots;

    private final long framesAt;
    private final int slotBytes;
    private final int frameBytes;
    private final int[] free;
    private final int[] freeLarge;

    /** Holders beyond the first. */
    private final char[] moreHolders;

    private int freeCount;
    private int freeLargeCount;

    /** A pool without large slots. */
    public PacketPool(Arena arena, int slots, int frameBytes) {
        this(arena, slots, frameBytes, 0);
    }

    /**
     * @param slots how many frames of the usual size can be held at once
     * @param frameBytes the largest of them
     * @param largeSlots how many frames of up to {@link #LARGEST_FRAME} bytes can be held at once
     */
    public PacketPool(Arena arena, int slots, int frameBytes, int largeSlots) {
        this.frameBytes = frameBytes;
        // an odd number of cache lines: the beginnings of frames spread over all sets of a cache
        slotBytes = ((HEADROOM + frameBytes + ALIGN - 1) & -ALIGN) | ALIGN;
        int run = (HEADROOM + LARGEST_FRAME + slotBytes - 1) / slotBytes | 1;
        int numbers = slots + largeSlots * run;
        // sums of the last slot's frame read beyond its end
        this.slots = arena.allocate((long) numbers * slotBytes + Vectors.BYTES, ALIGN);
        framesAt = this.slots.address() + HEADROOM;
        free = new int[slots];
        freeLarge = new int[largeSlots];
        moreHolders = new char[numbers];
        freeCount = slots;
        freeLargeCount = largeSlots;
        for (int i = 0; i < slots; i++) {
            free[i] = slots - 1 - i;
        }
        for (int i = 0; i < largeSlots; i++) {
            freeLarge[i] = slots + (largeSlots - 1 - i) * run;
        }
        Arrays.fill(moreHolders, slots, numbers, (char) LARGE);
    }

    /** A free slot with one reference, or -1. */
    public int take() {
        return freeCount == 0 ? -1 : free[--freeCount];
    }

    /** A free large slot with one reference, or -1. */
    public int takeLarge() {
        return freeLargeCount == 0 ? -1 : freeLarge[--freeLargeCount];
    }

    /** The slot that {@link #take()} would give. */
    int next() {
        return free[freeCount - 1];
    }

    /** The slot that {@link #takeLarge()} would give, or -1: for who may fail before it is filled. */
    int nextLarge() {
        return freeLargeCount == 0 ? -1 : freeLarge[freeLargeCount - 1];
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

    /** One holder of the slot less. */
    public void release(int slot) {
        if (moreHolders[slot] == 0) {
            free[freeCount++] = slot;
        } else {
            releaseOther(slot);
        }
    }

    /** Releases the slots of the first {@code count} frames, as {@link Burst} keeps them. */
    void release(long[] frames, int count) {
        int top = freeCount;
        for (int i = 0; i < count; i++) {
            int slot = (int) (frames[i] >>> 32);
            if (moreHolders[slot] == 0) {
                free[top++] = slot;
            } else {
                releaseOther(slot);
            }
        }
        freeCount = top;
    }

    /** Of a slot that is large or has more holders. */
    private void releaseOther(int slot) {
        if (moreHolders[slot] == LARGE) {
            freeLarge[freeLargeCount++] = slot;
        } else {
            moreHolders[slot]--;
        }
    }

    /** Free slots of the usual size. */
    public int available() {
        return freeCount;
    }

    /** All slots of the usual size. */
    public int capacity() {
        return free.length;
    }

    public int availableLarge() {
        return freeLargeCount;
    }

    public int capacityLarge() {
        return freeLarge.length;
    }

    /** Whether a slot is one of the large ones. */
    public boolean isLarge(int slot) {
        return slot >= free.length;
    }

    /** Bytes of the largest frame that a slot of the usual size holds. */
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
