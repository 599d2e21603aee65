package dev.cipu.dataplane.journal;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A worker's half of the ring through which records leave it: one thread writes, another one reads through {@link RingDrain},
 * neither waits for the other. A record lies in one piece; where the memory's end is too near, a pad fills it. Owner: the worker.
 * The memory must outlive both halves.
 */
public final class JournalRing {
    /** Room for the largest record twice over. */
    public static final long LEAST_BYTES = 1 << 19;

    private final MemorySegment memory;
    private final long capacity;

    /** Where position 0 lies, an address of this process. */
    private final long records;

    private long written;
    private long released;

    /** What was last seen of the reader's position, so that its line is looked at only when the ring seems full. */
    private long read;

    private JournalRing(MemorySegment memory) {
        this.memory = memory;
        capacity = RingLayout.capacity(memory);
        records = memory.address() + RingLayout.AT_RECORDS;
    }

    /**
     * A ring in memory of its own.
     *
     * @param bytes for records: a power of two, at least {@link #LEAST_BYTES}
     */
    public static JournalRing in(Arena arena, long bytes) {
        if (bytes < LEAST_BYTES || Long.bitCount(bytes) != 1) {
            throw new IllegalArgumentException("a ring of " + bytes + " bytes");
        }
        return new JournalRing(arena.allocate(RingLayout.AT_RECORDS + bytes, RingLayout.AT_RECORDS));
    }

    /** The other half, for one other thread; to be asked for once. */
    public RingDrain drain() {
        return new RingDrain(memory);
    }

    /**
     * Takes room for a record, which nobody sees before {@link #release}.
     *
     * @param bytes a multiple of 8
     * @return its address, or 0 if the reader has not made room
     */
    long claim(int bytes) {
        long place = written & capacity - 1;
        long toEnd = capacity - place;
        long need = bytes <= toEnd ? bytes : toEnd + bytes;
        if (written + need - read > capacity) {
            // pairs with the reader's release: it has copied what it gives back
            read = (long) RingLayout.POSITION.getAcquire(memory, RingLayout.AT_READ);
            if (written + need - read > capacity) {
                return 0;
            }
        }
        if (bytes > toEnd) {
            HostMemory.ALL.set(Le.INT_UNALIGNED, records + place + RecordLayout.AT_BYTES, (int) toEnd);
            HostMemory.ALL.set(ValueLayout.JAVA_BYTE, records + place + RecordLayout.AT_KIND, (byte) RecordLayout.PAD);
            place = 0;
        }
        written += need;
        return records + place;
    }

    /** Shows the reader all records so far. */
    void release() {
        if (released != written) {
            released = written;
            // pairs with the reader's acquire: the records before this position are whole
            RingLayout.POSITION.setRelease(memory, RingLayout.AT_WRITTEN, written);
        }
    }

    @Override
    public String toString() {
        return "ring of " + capacity + " bytes, " + Objects.toString(written - read) + " of them in use";
    }
}
