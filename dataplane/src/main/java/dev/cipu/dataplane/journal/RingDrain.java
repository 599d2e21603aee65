package dev.cipu.dataplane.journal;

import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * The reading half of a {@link JournalRing}. Gives records out in pieces, each of as many whole records as lie one behind the other:
 *
 * <pre>{@code
 * drain.look();
 * while (drain.next(MOST)) {
 *     copy(drain.piece());
 *     drain.release();
 * }
 * }</pre>
 *
 * Owner: the one thread that reads.
 */
public final class RingDrain {
    private final MemorySegment memory;
    private final long capacity;
    private final MemorySegment records;
    private long read;
    private long seen;
    private long pieceAt;
    private long pieceBytes;
    private int pieceRecords;

    RingDrain(MemorySegment memory) {
        this.memory = memory;
        capacity = RingLayout.capacity(memory);
        records = memory.asSlice(RingLayout.AT_RECORDS);
    }

    /** Looks how far the worker has come; {@link #next} goes no further. */
    public void look() {
        // pairs with the worker's release
        seen = (long) RingLayout.POSITION.getAcquire(memory, RingLayout.AT_WRITTEN);
    }

    /**
     * Goes on to the next piece.
     *
     * @param most bytes of a piece, unless its first record has more
     * @return false if there is none among what was seen
     */
    public boolean next(long most) {
        skipPad();
        pieceAt = read & capacity - 1;
        pieceBytes = 0;
        pieceRecords = 0;
        long end = Math.min(seen - read, capacity - pieceAt);
        while (pieceBytes < end) {
            long at = pieceAt + pieceBytes;
            int bytes = RecordLayout.bytes(records, at);
            if (RecordLayout.kind(records, at) == RecordLayout.PAD || (pieceBytes > 0 && pieceBytes + bytes > most)) {
                break;
            }
            pieceBytes += bytes;
            pieceRecords++;
        }
        return pieceBytes > 0;
    }

    private void skipPad() {
        long place = read & capacity - 1;
        if (read < seen && RecordLayout.kind(records, place) == RecordLayout.PAD) {
            read += RecordLayout.bytes(records, place);
        }
    }

    /** The piece's address in {@link HostMemory}. */
    public long address() {
        return records.address() + pieceAt;
    }

    /** Bytes of the piece. */
    public long bytes() {
        return pieceBytes;
    }

    /** Records of the piece. */
    public int count() {
        return pieceRecords;
    }

    /** Gives the piece's memory back to the worker. */
    public void release() {
        read += pieceBytes;
        pieceBytes = 0;
        // pairs with the worker's acquire: the piece was read before this
        RingLayout.POSITION.setRelease(memory, RingLayout.AT_READ, read);
    }

    /** Bytes that wait, as far as was seen. */
    public long waiting() {
        return seen - read;
    }
}
