package dev.cipu.dataplane.blk;

import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A disk in off-heap memory, lost with the process. Memory is taken chunk by chunk at the first write, so that a large
 * disk costs nothing until it is used, and given back when a whole chunk is discarded or zeroed. A write for which the JVM's
 * limit on direct memory leaves no chunk fails in band, as do the next ones for a while. Channels of several workers may use
 * it at the same time; what overlapping requests leave behind is as open as on any disk.
 */
public final class MemoryStore extends ImmediateStore {
    private static final int CHUNK_SHIFT = 18;
    static final int CHUNK_BYTES = 1 << CHUNK_SHIFT;

    /** Largest disk. */
    public static final long MAX_BYTES = (long) CHUNK_BYTES << 26;

    private static final int ALIGN = 4096;

    /** The JVM waits half a second for memory before it gives up; a worker does not have that often. */
    static final long FULL_NANOS = 30_000_000_000L;

    private final Supplier<MemorySegment> memory;
    private final LongSupplier clock;
    private final AtomicReferenceArray<@Nullable MemorySegment> chunks;

    private volatile boolean full;
    private volatile long fullSince;

    /**
     * @param bytes capacity, a positive multiple of 512 up to {@link #MAX_BYTES}
     */
    public MemoryStore(long bytes) {
        // freed by the garbage collector, when no channel can still be copying
        this(bytes, () -> Arena.ofAuto().allocate(CHUNK_BYTES, ALIGN), System::nanoTime);
    }

    /**
     * @param memory gives a chunk of zeroes
     */
    MemoryStore(long bytes, Supplier<MemorySegment> memory, LongSupplier clock) {
        super(bytes, MAX_BYTES);
        this.memory = memory;
        this.clock = clock;
        chunks = new AtomicReferenceArray<>((int) ((bytes + CHUNK_BYTES - 1) >>> CHUNK_SHIFT));
    }

    @Override
    public void close() {
        for (int i = 0; i < chunks.length(); i++) {
            chunks.set(i, null);
        }
    }

    /** Bytes of memory taken so far. */
    public long residentBytes() {
        long resident = 0;
        for (int i = 0; i < chunks.length(); i++) {
            resident += chunks.getPlain(i) == null ? 0 : CHUNK_BYTES;
        }
        return resident;
    }

    /** Null while there is no memory for it. */
    private @Nullable MemorySegment chunkToWrite(int index) {
        // pairs with the release of whoever put it there: its zeroes are visible
        MemorySegment chunk = chunks.getAcquire(index);
        return chunk == null ? newChunk(index) : chunk;
    }

    private @Nullable MemorySegment newChunk(int index) {
        MemorySegment fresh = allocate();
        if (fresh == null) {
            return null;
        }
        MemorySegment other = chunks.compareAndExchange(index, null, fresh);
        return other == null ? fresh : other;
    }

    private @Nullable MemorySegment allocate() {
        if (full && clock.getAsLong() - fullSince < FULL_NANOS) {
            return null;
        }
        try {
            MemorySegment fresh = memory.get();
            full = false;
            return fresh;
        } catch (OutOfMemoryError _) {
            fullSince = clock.getAsLong();
            full = true;
            return null;
        }
    }

    private void read(BlockTask task) {
        long at = task.offset();
        long left = task.length();
        long done = 0;
        while (left > 0) {
            int within = (int) (at & (CHUNK_BYTES - 1));
            int n = (int) Math.min(left, CHUNK_BYTES - within);
            MemorySegment chunk = chunks.getAcquire((int) (at >>> CHUNK_SHIFT));
            if (chunk == null) {
                task.deliverZeroes(done, n);
            } else {
                task.deliver(done, chunk, within, n);
            }
            done += n;
            at += n;
            left -= n;
        }
    }

    private boolean write(BlockTask task) {
        long at = task.offset();
        long left = task.length();
        long done = 0;
        while (left > 0) {
            int within = (int) (at & (CHUNK_BYTES - 1));
            int n = (int) Math.min(left, CHUNK_BYTES - within);
            MemorySegment chunk = chunkToWrite((int) (at >>> CHUNK_SHIFT));
            if (chunk == null) {
                return false;
            }
            task.fetch(done, chunk, within, n);
            done += n;
            at += n;
            left -= n;
        }
        return true;
    }

    /**
     * @param erase whether the memory of a whole chunk is overwritten before it is given back
     */
    private void zero(BlockTask task, boolean erase) {
        long at = task.offset();
        long left = task.length();
        while (left > 0) {
            int index = (int) (at >>> CHUNK_SHIFT);
            int within = (int) (at & (CHUNK_BYTES - 1));
            int n = (int) Math.min(left, CHUNK_BYTES - within);
            MemorySegment chunk = chunks.getAcquire(index);
            if (chunk != null) {
                if (erase || n < CHUNK_BYTES) {
                    HostMemory.zero(chunk, within, n);
                }
                if (n == CHUNK_BYTES) {
                    chunks.set(index, null);
                }
            }
            at += n;
            left -= n;
        }
    }

    @Override
    boolean execute(BlockTask task) {
        switch (task.op()) {
            case READ -> read(task);
            case WRITE -> {
                return write(task);
            }
            case DISCARD, WRITE_ZEROES -> zero(task, false);
            case SECURE_ERASE -> zero(task, true);
            case FLUSH -> {}
        }
        return true;
    }
}
