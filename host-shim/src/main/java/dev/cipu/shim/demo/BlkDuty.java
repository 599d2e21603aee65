package dev.cipu.shim.demo;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverQueue;
import java.lang.foreign.MemorySegment;

/**
 * A guest that reads and writes blocks of its disk in random order. Each block it writes is tagged with its place and the
 * number of the write; each block it reads must be what it wrote last, or zeroes.
 */
final class BlkDuty extends Duty {
    static final int BLOCK_BYTES = 4096;
    private static final int QUEUE_SIZE = 128;
    private static final int DEPTH = 32;
    private static final int INDIRECT = 3;
    private static final int QUEUE = 0;
    private static final int TRIES = 8;
    private static final int NONE = -1;
    private static final long SECTORS_PER_BLOCK = BLOCK_BYTES / BlkRequest.SECTOR_BYTES;
    private static final long GUEST_BYTES = 1L << 20;
    private static final long WEYL = 0xd1342543de82ef95L;

    private final BlkDriver driver;
    private final MemorySegment memory;
    private final int blocks;

    /** How often each block has been written. */
    private final int[] generation;

    private final boolean[] busy;

    /** Of each request under way, by its slot. */
    private final int[] block = new int[DEPTH];

    private final boolean[] reads = new boolean[DEPTH];
    private final long[] began = new long[DEPTH];
    private final long[] data = new long[DEPTH];
    private final int[] freeSlots = new int[DEPTH];
    private final int[] slotOfToken = new int[QUEUE_SIZE];
    private int free = DEPTH;
    private long state = 1;
    private long checkedReads;
    private long writes;

    /**
     * @param diskBytes capacity of the device, all zero
     */
    BlkDuty(CardFunction function, long diskBytes) {
        FeatureSet wanted = FeatureSet.of(
                RingFeature.VERSION_1,
                RingFeature.EVENT_IDX,
                RingFeature.INDIRECT_DESC,
                BlkFeature.FLUSH,
                BlkFeature.BLK_SIZE,
                BlkFeature.SEG_MAX);
        super(new EmbeddedGuest(function, wanted, GUEST_BYTES));
        DriverQueue ring = guest.start(QUEUE, QUEUE_SIZE, INDIRECT);
        ring.suppressCalls();
        driver = new BlkDriver(ring, guest.memory());
        memory = guest.memory().segment();
        blocks = Math.toIntExact(diskBytes / BLOCK_BYTES);
        generation = new int[blocks];
        busy = new boolean[blocks];
        for (int i = 0; i < DEPTH; i++) {
            data[i] = guest.memory().allocate(BLOCK_BYTES, BLOCK_BYTES);
            freeSlots[i] = i;
        }
    }

    @Override
    boolean step(boolean starting, boolean measured) {
        int finished = reap(measured);
        if (finished > 0) {
            progressed(finished);
        }
        return (starting && submit()) || finished > 0;
    }

    private int reap(boolean measured) {
        int finished = 0;
        long now = 0;
        for (int token = driver.poll(); token >= 0; token = driver.poll()) {
            if (finished++ == 0) {
                now = System.nanoTime();
            }
            int slot = slotOfToken[token];
            record(measured, now - began[slot]);
            judge(slot, driver.status());
            busy[block[slot]] = false;
            freeSlots[free++] = slot;
        }
        return finished;
    }

    private void judge(int slot, byte status) {
        int number = block[slot];
        if (status != BlkRequest.OK) {
            complain((reads[slot] ? "reading" : "writing") + " block " + number + " ended with status " + status);
        } else if (reads[slot]) {
            checkedReads++;
            long at = guest.memory().offset(data[slot]);
            boolean right = generation[number] == 0
                    ? Tag.isZero(memory, at, BLOCK_BYTES)
                    : Tag.matches(memory, at, BLOCK_BYTES, number, generation[number]);
            if (!right) {
                complain("block " + number + " does not hold write " + generation[number] + " of it");
            }
        } else {
            writes++;
        }
    }

    private boolean submit() {
        long now = System.nanoTime();
        boolean any = false;
        while (free > 0) {
            int number = pick();
            if (number == NONE) {
                break;
            }
            int slot = freeSlots[--free];
            boolean read = (state & 1L << 40) != 0;
            busy[number] = true;
            block[slot] = number;
            reads[slot] = read;
            began[slot] = now;
            long at = guest.memory().offset(data[slot]);
            if (!read) {
                Tag.fill(memory, at, BLOCK_BYTES, number, ++generation[number]);
            } else {
                // so that a read which brings nothing is noticed: no tag has this number
                Tag.fill(memory, at, BLOCK_BYTES, NONE, slot);
            }
            int type = read ? BlkRequest.IN : BlkRequest.OUT;
            slotOfToken[driver.submit(type, number * SECTORS_PER_BLOCK, data[slot], BLOCK_BYTES)] = slot;
            any = true;
        }
        if (any && driver.publish()) {
            guest.kick(QUEUE);
        }
        return any;
    }

    /** A random block that no request is under way for. */
    private int pick() {
        for (int i = 0; i < TRIES; i++) {
            state += WEYL;
            int number = (int) Math.unsignedMultiplyHigh(Tag.mix(state), blocks);
            if (!busy[number]) {
                return number;
            }
        }
        return NONE;
    }

    @Override
    boolean isQuiet() {
        return free == DEPTH;
    }

    long checkedReads() {
        return checkedReads;
    }

    long writes() {
        return writes;
    }
}
