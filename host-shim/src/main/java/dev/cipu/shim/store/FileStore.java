package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.OpenFlag;
import dev.cipu.virtio.blk.BlkRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A disk in a file or on a block device. Data moves between guest memory and the kernel without a copy of ours, except
 * with direct I/O where a guest's buffer is not aligned. A completed write may still be in a cache until a flush, unless
 * it was durable: then its data is on the medium first.
 *
 * <p>Any thread may ask for facts and open channels; it lives until all its channels are closed.
 */
public final class FileStore implements BlockStore {
    private static final int[] DIRECT_UNITS = {512, 1024, 2048, 4096};

    /**
     * How to open a file.
     *
     * @param direct past the page cache
     * @param readOnly whether writes fail
     * @param createBytes size of the file to create, sparse, if there is none or an empty one; 0 to open only
     * @param ring whether io_uring is used where it is allowed
     */
    public record Options(boolean direct, boolean readOnly, long createBytes, boolean ring) {
        public static final Options DEFAULT = new Options(false, false, 0, true);

        public Options withDirect(boolean direct) {
            return new Options(direct, readOnly, createBytes, ring);
        }

        public Options withReadOnly(boolean readOnly) {
            return new Options(direct, readOnly, createBytes, ring);
        }

        public Options withCreateBytes(long createBytes) {
            return new Options(direct, readOnly, createBytes, ring);
        }

        public Options withRing(boolean ring) {
            return new Options(direct, readOnly, createBytes, ring);
        }
    }

    private final Fd file;
    private final Options options;
    private final int blockSize;
    private final boolean device;
    private final Holes holes = new Holes();

    private FileStore(Fd file, Options options, int blockSize) {
        this.file = file;
        this.options = options;
        this.blockSize = blockSize;
        device = file.stat().isBlockDevice();
    }

    /**
     * Opens a file or a block device.
     *
     * @throws IllegalArgumentException if it cannot serve as a disk, with a text for people
     * @throws dev.cipu.shim.posix.PosixException if the system refuses
     */
    public static FileStore open(Path path, Options options) {
        boolean create = options.createBytes() > 0 && !options.readOnly();
        int flags = (options.readOnly() ? OpenFlag.READ_ONLY : OpenFlag.READ_WRITE)
                | (options.direct() ? OpenFlag.DIRECT : 0)
                | (create ? OpenFlag.CREATE : 0);
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(path + " is a directory");
        }
        Fd file = Fd.open(path, flags, 0644);
        try {
            return of(path, file, options, create);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static FileStore of(Path path, Fd file, Options options, boolean create) {
        Fd.Stat stat = file.stat();
        if (stat.isBlockDevice()) {
            return ofDevice(path, file, options);
        }
        if (!stat.isRegular()) {
            throw new IllegalArgumentException(path + " is neither a file nor a block device");
        }
        long bytes = stat.size();
        if (create && bytes == 0) {
            bytes = options.createBytes();
            file.truncate(bytes);
        } else if (create && bytes != options.createBytes()) {
            throw new IllegalArgumentException(
                    path + " exists and has " + bytes + " bytes, not " + options.createBytes());
        }
        int unit = options.direct() ? directUnit(path, file) : BlkRequest.SECTOR_BYTES;
        return checked(path, file, options, bytes, unit);
    }

    private static FileStore ofDevice(Path path, Fd file, Options options) {
        KernelCalls calls = new KernelCalls();
        try (Arena arena = Arena.ofConfined()) {
            long bytes = deviceBytes(file);
            if (bytes < 0) {
                throw new IllegalArgumentException(path + " does not tell its size");
            }
            MemorySegment answer = arena.allocate(8, 8);
            int unit = BlkRequest.SECTOR_BYTES;
            if (options.direct() && calls.ioctl(file.number(), KernelCalls.BLKSSZGET, answer) >= 0) {
                unit = Math.max(unit, answer.get(ValueLayout.JAVA_INT, 0));
            }
            return checked(path, file, options, bytes, unit);
        }
    }

    /** Size of a block device, negative if it does not tell. */
    private static long deviceBytes(Fd file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(8, 8);
            int result = new KernelCalls().ioctl(file.number(), KernelCalls.BLKGETSIZE64, answer);
            return result < 0 ? result : answer.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private static FileStore checked(Path path, Fd file, Options options, long bytes, int unit) {
        if (bytes < unit) {
            throw new IllegalArgumentException(path + " has " + bytes + " bytes, too few for a disk");
        }
        return new FileStore(file, options, unit);
    }

    /** The smallest read that the file system takes past its cache. */
    private static int directUnit(Path path, Fd file) {
        KernelCalls calls = new KernelCalls();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(4096, 4096);
            MemorySegment vector = arena.allocate(16, 16);
            vector.set(ValueLayout.JAVA_LONG, 0, buffer.address());
            for (int unit : DIRECT_UNITS) {
                vector.set(ValueLayout.JAVA_LONG, 8, unit);
                if (calls.read(file.number(), vector.address(), 1, 0) != -KernelCalls.EINVAL) {
                    return unit;
                }
            }
        }
        throw new IllegalArgumentException(path + " does not allow direct I/O in blocks of up to 4096 bytes");
    }

    /** The file may grow and shrink while it is served: asks the kernel. */
    @Override
    public long sectors() {
        long bytes = device ? Math.max(0, deviceBytes(file)) : file.stat().size();
        return (bytes & -blockSize) / BlkRequest.SECTOR_BYTES;
    }

    /** The first byte at or behind {@code offset} that is not in a hole, {@link Long#MAX_VALUE} if there is none. */
    long dataFrom(long offset) {
        return device ? offset : file.dataFrom(offset);
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public boolean canDiscard() {
        return !options.readOnly();
    }

    @Override
    public boolean canUnmap() {
        return canDiscard() && holes.possible();
    }

    @Override
    public BlockChannel channel(int tasks) {
        return storeChannel(tasks);
    }

    StoreChannel storeChannel(int tasks) {
        int alignment = options.direct() ? blockSize : 1;
        Ring ring = options.ring() ? Ring.open(file, tasks) : null;
        return ring == null
                ? new CallChannel(file, tasks, alignment, holes)
                : new RingChannel(ring, tasks, alignment, holes);
    }

    @Override
    public void close() {
        file.close();
    }
}
