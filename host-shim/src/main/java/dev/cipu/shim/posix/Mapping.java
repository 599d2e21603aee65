package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A shared mapping of part of a file, as a segment that any thread may touch until {@link #close}. The owner
 * closes it only after every poller has let go: a segment in use makes close fail rather than leave the reader with
 * unmapped memory. It keeps the file open to be able to ask whether somebody has truncated it since.
 */
public final class Mapping implements AutoCloseable {
    /** No Linux page is larger than this except a huge one, and rounding to more than a page costs nothing. */
    private static final long LARGEST_PAGE = 65_536;

    private static final int PUNCH_HOLE_KEEP_SIZE = 3;

    private final Fd file;
    private final long start;
    private final long end;
    private final Arena arena;
    private final MemorySegment segment;

    private Mapping(Fd file, long start, long end, Arena arena, MemorySegment segment) {
        this.file = file;
        this.start = start;
        this.end = end;
        this.arena = arena;
        this.segment = segment;
    }

    /**
     * Maps {@code length} bytes from {@code offset}, both in bytes and not necessarily page aligned. Takes ownership of
     * {@code file} and closes it when this throws. Throws {@link IllegalArgumentException} when the file is not a
     * regular one or does not cover the range: touching the missing part would raise SIGBUS.
     */
    public static Mapping of(Fd file, long offset, long length) {
        return of(file, offset, length, true);
    }

    /** As {@link #of}, of a file that need not be writable. Nobody may write there: the process would end. */
    public static Mapping readOnly(Fd file, long offset, long length) {
        return of(file, offset, length, false);
    }

    private static Mapping of(Fd file, long offset, long length, boolean writable) {
        try {
            Fd.Stat stat = file.stat();
            if (!stat.isRegular()) {
                throw new IllegalArgumentException("only regular files and memfds can be mapped");
            }
            if (length <= 0 || offset < 0 || offset > stat.size() || length > stat.size() - offset) {
                throw new IllegalArgumentException("file of " + Long.toUnsignedString(stat.size())
                        + " bytes does not cover " + Long.toUnsignedString(length) + " bytes from "
                        + Long.toUnsignedString(offset));
            }
            return map(file, offset, length, granule(stat.blockSize()), writable);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** What a mapping's start and length are rounded to: hugetlbfs reports its page size as the block size. */
    private static long granule(long blockSize) {
        return blockSize > LARGEST_PAGE && Long.bitCount(blockSize) == 1 ? blockSize : LARGEST_PAGE;
    }

    @SuppressWarnings("restricted")
    private static Mapping map(Fd file, long offset, long length, long granule, boolean writable) {
        long start = offset & -granule;
        long bytes = (offset - start + length + granule - 1) & -granule;
        long address = writable ? MemoryMap.map(bytes, file, start) : MemoryMap.mapReadOnly(bytes, file, start);
        Arena arena = Arena.ofShared();
        MemorySegment whole =
                MemorySegment.ofAddress(address).reinterpret(bytes, arena, gone -> MemoryMap.unmap(address, bytes));
        return new Mapping(
                file,
                offset,
                offset + length,
                arena,
                (writable ? whole : whole.asReadOnly()).asSlice(offset - start, length));
    }

    /** Exactly the bytes asked for. */
    public MemorySegment segment() {
        return segment;
    }

    /** Gives back whole pages of a file that has holes; they read as zeroes from now on. */
    public void discard(long offset, long bytes) {
        file.allocate(PUNCH_HOLE_KEEP_SIZE, start + offset, bytes);
    }

    /** False once the file has been cut shorter than the mapping: a fault on it was the peer's doing. */
    public boolean fileStillCovers() {
        return file.stat().size() >= end;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
        file.close();
    }
}
