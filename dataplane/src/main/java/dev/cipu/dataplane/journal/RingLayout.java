package dev.cipu.dataplane.journal;

import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The memory that the two halves of a journal's ring share. Positions count bytes since the ring was made and never wrap; a
 * position's place is what remains of it after division by the capacity, a power of two.
 *
 * <pre>
 *   0 read:64      written by the reader: what is before it may be overwritten
 * 128 written:64   written by the writer: records before it are whole
 * 256 records
 * </pre>
 */
final class RingLayout {
    /** Two lines apart, because processors fetch lines in pairs. */
    static final long AT_READ = 0;

    static final long AT_WRITTEN = 128;
    static final long AT_RECORDS = 256;

    /** Coordinates (MemorySegment, long offset). */
    static final VarHandle POSITION = Le.U64;

    private RingLayout() {}

    /** Bytes for records in a ring's memory. */
    static long capacity(MemorySegment memory) {
        return memory.byteSize() - AT_RECORDS;
    }
}
