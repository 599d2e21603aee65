package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockOp;
import dev.cipu.dataplane.blk.BlockTask;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.ring.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A block task on its way through a file: which operation comes next, and what its result means. Says what to do; a
 * channel does it. Short transfers go on where they stopped, buffers that direct I/O cannot take go through a private
 * one piece by piece, and zeroing falls back to what the file system can do. One a slot, used again and again.
 */
final class FileTask {
    /** struct iovec: address and length, 64 bits each. */
    private static final int VECTOR_BYTES = 16;

    /** Vectors of one operation; a longer list goes on like a short transfer. */
    private static final int VECTORS = 64;

    private static final int PIECE_BYTES = 64 << 10;
    private static final int PIECE_ALIGN = 4096;

    /** What is written where the file system cannot zero a range; never changed. */
    private static final MemorySegment ZEROES = Arena.global().allocate(PIECE_BYTES, PIECE_ALIGN);

    private final int alignMask;
    private final MemorySegment vectors;
    private final Arena arena;
    private final Holes holes;
    private @Nullable MemorySegment piece;

    private @Nullable BlockTask task;
    private boolean throughPiece;
    private boolean zeroing;
    private long done;
    private byte status;

    private int opcode;
    private long address;
    private int length;
    private long offset;
    private int flags;

    /**
     * @param arena where buffers live
     * @param alignment what offsets, lengths and addresses must be a multiple of; 1 for any
     * @param holes where it is noted that the file can have none
     */
    FileTask(Arena arena, int alignment, Holes holes) {
        this.arena = arena;
        this.holes = holes;
        alignMask = alignment - 1;
        vectors = arena.allocate((long) VECTORS * VECTOR_BYTES, 16);
    }

    /** The operation to do now, see {@link FileOp}. */
    int opcode() {
        return opcode;
    }

    /** Of a buffer or, for READV and WRITEV, of the vectors; the length in bytes for FALLOCATE. */
    long address() {
        return address;
    }

    /** Bytes, number of vectors for READV and WRITEV, mode for FALLOCATE. */
    int length() {
        return length;
    }

    /** In the file, bytes. */
    long offset() {
        return offset;
    }

    /** RWF or fsync flags. */
    int flags() {
        return flags;
    }

    private BlockTask task() {
        BlockTask current = task;
        if (current == null) {
            throw new IllegalStateException("no task");
        }
        return current;
    }

    /** Takes a task; its first operation is ready. */
    void begin(BlockTask next) {
        task = next;
        done = 0;
        status = BlkRequest.OK;
        zeroing = false;
        switch (next.op()) {
            case READ, WRITE -> {
                throughPiece = alignMask != 0 && !isAligned(next);
                prepareTransfer(next);
            }
            case FLUSH -> prepareSync();
            case DISCARD -> prepareAllocate(next, FileOp.PUNCH_HOLE);
            case WRITE_ZEROES -> prepareAllocate(next, next.mayUnmap() ? FileOp.PUNCH_HOLE : FileOp.ZERO_RANGE);
            case SECURE_ERASE -> overwrite(next);
        }
    }

    /** Ends the task towards its queue. Called after {@link #advance} returned false. */
    void complete() {
        BlockTask ended = task();
        task = null;
        ended.complete(status);
    }

    /**
     * Judges the operation's result.
     *
     * @param result bytes moved, or a negative errno
     * @return true if another operation is ready, false if the task is at its end
     */
    boolean advance(int result) {
        if (result == -KernelCalls.EINTR || result == -KernelCalls.EAGAIN) {
            return true;
        }
        BlockTask current = task();
        return switch (opcode) {
            case FileOp.FSYNC -> synced(current, result);
            case FileOp.FALLOCATE -> allocated(current, result);
            default -> moved(current, result);
        };
    }

    private boolean end(boolean good) {
        status = good ? BlkRequest.OK : BlkRequest.IOERR;
        return false;
    }

    private boolean synced(BlockTask current, int result) {
        if (result == 0 && zeroing && current.op() == BlockOp.SECURE_ERASE) {
            // only now: blocks given back before are blocks that nobody overwrites
            zeroing = false;
            prepareAllocate(current, FileOp.PUNCH_HOLE);
            return true;
        }
        return end(result == 0);
    }

    private void overwrite(BlockTask current) {
        zeroing = true;
        throughPiece = false;
        prepareZeroes(current);
    }

    private boolean moved(BlockTask current, int result) {
        // what does not end on a block is moved again: the next operation has to begin on one
        int bytes = result == current.length() - done ? result : result & ~alignMask;
        if (result <= 0 || bytes == 0) {
            // an error, or the end of a file that was cut under us
            return end(false);
        }
        if (throughPiece && current.op() == BlockOp.READ) {
            current.deliver(done, piece(), 0, bytes);
        }
        done += bytes;
        if (done == current.length()) {
            if (current.op() == BlockOp.SECURE_ERASE) {
                prepareSync();
                return true;
            }
            return end(true);
        }
        if (zeroing) {
            prepareZeroes(current);
        } else {
            prepareTransfer(current);
        }
        return true;
    }

    private boolean allocated(BlockTask current, int result) {
        if (result == 0) {
            if (current.op() == BlockOp.WRITE_ZEROES && current.durable()) {
                prepareSync();
                return true;
            }
            return end(true);
        }
        if (result != -KernelCalls.EOPNOTSUPP) {
            return end(false);
        }
        if (length == FileOp.PUNCH_HOLE) {
            holes.cannotBe();
        }
        if (current.op() != BlockOp.WRITE_ZEROES) {
            // a hint that cannot be taken
            return end(true);
        }
        if (length == FileOp.ZERO_RANGE) {
            prepareAllocate(current, FileOp.PUNCH_HOLE);
        } else {
            overwrite(current);
        }
        return true;
    }

    private void prepareSync() {
        prepare(FileOp.FSYNC, 0, 0, 0, FileOp.DATASYNC);
    }

    private void prepareAllocate(BlockTask current, int mode) {
        prepare(FileOp.FALLOCATE, current.length(), mode, current.offset(), 0);
    }

    private void prepareZeroes(BlockTask current) {
        int bytes = (int) Math.min(PIECE_BYTES, current.length() - done);
        prepare(FileOp.WRITE, ZEROES.address(), bytes, current.offset() + done, durableFlag(current));
    }

    private void prepareTransfer(BlockTask current) {
        boolean write = current.op() == BlockOp.WRITE;
        int rwFlags = write ? durableFlag(current) : 0;
        long at = current.offset() + done;
        if (throughPiece) {
            int bytes = (int) Math.min(PIECE_BYTES, current.length() - done);
            if (write) {
                current.fetch(done, piece(), 0, bytes);
            }
            prepare(write ? FileOp.WRITE : FileOp.READ, piece().address(), bytes, at, rwFlags);
            return;
        }
        int count = gather(current);
        if (count == 1) {
            int bytes = (int) vectors.get(ValueLayout.JAVA_LONG, 8);
            long buffer = vectors.get(ValueLayout.JAVA_LONG, 0);
            prepare(write ? FileOp.WRITE : FileOp.READ, buffer, bytes, at, rwFlags);
        } else {
            prepare(write ? FileOp.WRITEV : FileOp.READV, vectors.address(), count, at, rwFlags);
        }
    }

    private void prepare(int opcode, long address, int length, long offset, int flags) {
        this.opcode = opcode;
        this.address = address;
        this.length = length;
        this.offset = offset;
        this.flags = flags;
    }

    private static int durableFlag(BlockTask current) {
        return current.durable() ? FileOp.RWF_DSYNC : 0;
    }

    private MemorySegment piece() {
        MemorySegment buffer = piece;
        if (buffer == null) {
            buffer = arena.allocate(PIECE_BYTES, PIECE_ALIGN);
            piece = buffer;
        }
        return buffer;
    }

    /** Lists what is left of the task's guest memory; returns the number of vectors. */
    private int gather(BlockTask current) {
        Chain chain = current.chain();
        long skip = current.skip() + done;
        long left = current.length() - done;
        int count = 0;
        for (int part = current.firstPart(); part < current.endPart() && left > 0 && count < VECTORS; part++) {
            int bytes = chain.length(part);
            if (skip >= bytes) {
                skip -= bytes;
                continue;
            }
            long here = Math.min(left, bytes - skip);
            long at = (long) count * VECTOR_BYTES;
            vectors.set(ValueLayout.JAVA_LONG, at, chain.address(part) + skip);
            vectors.set(ValueLayout.JAVA_LONG, at + 8, here);
            count++;
            left -= here;
            skip = 0;
        }
        return count;
    }

    /** Whether direct I/O can use the guest's buffers as they are. */
    private boolean isAligned(BlockTask current) {
        Chain chain = current.chain();
        long skip = current.skip();
        long left = current.length();
        for (int part = current.firstPart(); part < current.endPart() && left > 0; part++) {
            int bytes = chain.length(part);
            if (skip >= bytes) {
                skip -= bytes;
                continue;
            }
            long here = Math.min(left, bytes - skip);
            long at = chain.address(part) + skip;
            if (((at | here) & alignMask) != 0) {
                return false;
            }
            left -= here;
            skip = 0;
        }
        return true;
    }
}
