package dev.cipu.shim.load;

import dev.cipu.shim.vhost.frontend.FrontEndQueue;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One request queue under load: {@code depth} slots, each with a data buffer and the request it stands for. Owned by the
 * load's thread; allocates nothing after construction.
 */
final class BlkLane {
    /** Completions taken before their successors are submitted. */
    static final int BURST = 64;

    private final FrontEndQueue queue;
    private final BlkDriver driver;
    private final DriverMemory memory;
    private final int blockBytes;
    private final int sectorsPerBlock;
    private final BlkTally tally;
    private final LatencyRecorder latency;
    private final @Nullable BlockPattern pattern;
    private final @Nullable BlockLedger ledger;

    private final long[] data;
    private final long[] started;
    private final long[] block;
    private final boolean[] reads;
    private final boolean[] underWay;
    private final int[] freeSlots;
    private final int[] slotOfToken;
    private int free;
    private long now;

    BlkLane(
            FrontEndQueue queue,
            DriverMemory memory,
            BlkLoadSpec spec,
            BlkTally tally,
            LatencyRecorder latency,
            @Nullable BlockPattern pattern,
            @Nullable BlockLedger ledger) {
        this.queue = queue;
        this.driver = new BlkDriver(queue.ring(), memory);
        this.memory = memory;
        this.blockBytes = spec.blockBytes();
        this.sectorsPerBlock = blockBytes / BlkRequest.SECTOR_BYTES;
        this.tally = tally;
        this.latency = latency;
        this.pattern = pattern;
        this.ledger = ledger;
        int depth = spec.depth();
        data = new long[depth];
        started = new long[depth];
        block = new long[depth];
        reads = new boolean[depth];
        underWay = new boolean[depth];
        freeSlots = new int[depth];
        slotOfToken = new int[queue.ring().size()];
        BlockPattern filler = new BlockPattern(0);
        for (int slot = 0; slot < depth; slot++) {
            data[slot] = memory.allocate(blockBytes, DATA_ALIGN);
            filler.fill(memory.segment(), memory.offset(data[slot]), blockBytes, slot, 0);
            freeSlots[slot] = depth - 1 - slot;
        }
        free = depth;
    }

    /** Storage behind a back-end that bypasses the page cache wants buffers aligned like this. */
    static final int DATA_ALIGN = 4096;

    /** Bytes of driver memory that a lane of this shape needs besides its ring. */
    static long memoryBytes(BlkLoadSpec spec) {
        long aligned = ((long) spec.blockBytes() + DATA_ALIGN - 1) & -DATA_ALIGN;
        return aligned * spec.depth() + 32L * spec.target().queueSize() + 2L * DATA_ALIGN;
    }

    /** When the last burst was taken, by {@link System#nanoTime}. */
    long now() {
        return now;
    }

    /** Requests under way. */
    int inFlight() {
        return freeSlots.length - free;
    }

    /** Whether another request can be submitted. */
    boolean hasRoom() {
        return free > 0;
    }

    /** Takes up to a burst of completions; returns how many. */
    int reap() {
        int token = driver.poll();
        if (token < 0) {
            return 0;
        }
        long time = System.nanoTime();
        now = time;
        int done = 0;
        do {
            int slot = slotOfToken[token];
            latency.record(started[slot], time);
            if (driver.status() != BlkRequest.OK || ledger != null) {
                judge(slot, driver.status());
            }
            underWay[slot] = false;
            freeSlots[free++] = slot;
            done++;
        } while (done < BURST && (token = driver.poll()) >= 0);
        return done;
    }

    /**
     * Submits up to {@code most} requests while slots are free, and kicks if the device wants it.
     *
     * @param time what counts as their start
     * @return how many
     */
    int submit(BlkSource source, long most, long time) {
        int done = 0;
        while (free > 0 && done < most) {
            long next = source.next();
            if (next == BlkSource.NONE) {
                break;
            }
            int slot = freeSlots[--free];
            block[slot] = next;
            reads[slot] = source.reads();
            underWay[slot] = true;
            started[slot] = time;
            if (pattern != null) {
                prepare(slot);
            }
            hand(slot);
            done++;
        }
        if (done > 0) {
            queue.publish();
        }
        return done;
    }

    private void hand(int slot) {
        int type = reads[slot] ? BlkRequest.IN : BlkRequest.OUT;
        int token = driver.submit(type, block[slot] * sectorsPerBlock, data[slot], blockBytes);
        if (token < 0) {
            throw new IllegalStateException("a ring with room for " + freeSlots.length + " requests is full");
        }
        slotOfToken[token] = slot;
    }

    /**
     * Submits everything that was under way once more, on a ring that was restarted.
     *
     * @return how many requests that is
     */
    int resubmit() {
        driver.restart();
        int count = 0;
        for (int slot = 0; slot < underWay.length; slot++) {
            if (underWay[slot]) {
                hand(slot);
                count++;
            }
        }
        queue.publish();
        return count;
    }

    /** A buffer to be read into must not hold the right answer already. */
    private void prepare(int slot) {
        BlockPattern writer = pattern;
        BlockLedger book = ledger;
        if (writer == null || book == null) {
            return;
        }
        MemorySegment segment = memory.segment();
        long at = memory.offset(data[slot]);
        if (reads[slot]) {
            BlockPattern.spoil(segment, at, blockBytes);
        } else {
            int generation = book.next((int) block[slot]);
            writer.fill(segment, at, blockBytes, block[slot] * sectorsPerBlock, generation);
        }
    }

    /** The slow half of a completion: failures, and all of a verifying load. */
    private void judge(int slot, byte status) {
        boolean good = status == BlkRequest.OK;
        if (!good) {
            tally.error((reads[slot] ? "read" : "write") + " of sector " + block[slot] * sectorsPerBlock
                    + " ended with status " + Byte.toUnsignedInt(status));
        }
        BlockLedger book = ledger;
        if (book == null) {
            return;
        }
        int number = (int) block[slot];
        if (good && reads[slot]) {
            compare(slot, book.generation(number));
        } else if (good) {
            book.acknowledge(number);
        }
        book.release(number);
    }

    private void compare(int slot, int generation) {
        BlockPattern reader = pattern;
        if (reader == null || generation == 0) {
            return;
        }
        long at = memory.offset(data[slot]);
        long sector = block[slot] * sectorsPerBlock;
        tally.verified++;
        if (!reader.matches(memory.segment(), at, blockBytes, sector, generation)) {
            tally.mismatch(reader.describe(memory.segment(), at, blockBytes, sector, generation));
        }
    }

    FrontEndQueue queue() {
        return queue;
    }
}
