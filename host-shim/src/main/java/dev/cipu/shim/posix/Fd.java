package dev.cipu.shim.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.constants.platform.Errno;

/**
 * One open file descriptor and the duty to close it. Closing twice is harmless. Any thread may close, but nobody may be
 * inside a call on the number then: the kernel hands it out again at once.
 */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = -1;
    private static final int OPEN_CLOEXEC = 0x80000;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 0x800;
    private static final int SEEK_DATA = 3;

    private final AtomicInteger number;

    /** Takes ownership of {@code number}. */
    public Fd(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: " + number);
        }
        this.number = new AtomicInteger(number);
    }

    /** Opens a file; close-on-exec is always added. Flags are Linux's {@code O_*}, see {@link OpenFlag}. */
    public static Fd open(Path path, int flags, int mode) {
        return new Fd(Posix.check("open " + path, Posix.C.open(path.toString(), flags | OPEN_CLOEXEC, mode)));
    }

    /** The number for a system call. Throws when closed: a stale number might be somebody else's by now. */
    public int number() {
        int fd = number.get();
        if (fd == CLOSED) {
            throw new IllegalStateException("descriptor is closed");
        }
        return fd;
    }

    public boolean isOpen() {
        return number.get() != CLOSED;
    }

    /** A second descriptor of the same open file. */
    public Fd duplicate() {
        return new Fd(Posix.check("fcntl(F_DUPFD_CLOEXEC)", Posix.C.fcntl(number(), F_DUPFD_CLOEXEC, 0)));
    }

    /** Sets O_NONBLOCK, which all holders of the same open file share. */
    public void makeNonBlocking() {
        int flags = Posix.check("fcntl(F_GETFL)", Posix.C.fcntl(number(), F_GETFL, 0));
        if ((flags & O_NONBLOCK) == 0) {
            Posix.check("fcntl(F_SETFL)", Posix.C.fcntl(number(), F_SETFL, flags | O_NONBLOCK));
        }
    }

    /** Type, length and block size as they are now. */
    public Stat stat() {
        return Stat.of(this);
    }

    public void truncate(long length) {
        Posix.check("ftruncate", Posix.C.ftruncate(number(), length));
    }

    /**
     * The first byte of data at or behind {@code offset}; where the file system does not tell holes from data, {@code
     * offset}. {@link Long#MAX_VALUE} if there is none.
     */
    public long dataFrom(long offset) {
        long found = Posix.C.lseek(number(), offset, SEEK_DATA);
        if (found < 0 && Posix.errno() != Errno.ENXIO) {
            throw Posix.failure("lseek(SEEK_DATA)");
        }
        return found < 0 ? Long.MAX_VALUE : found;
    }

    /** fallocate(2) with Linux's mode bits, 0 for plain allocation. */
    public void allocate(int mode, long offset, long length) {
        Posix.check("fallocate", Posix.C.fallocate(number(), mode, offset, length));
    }

    /** True when this descriptor is an eventfd and not some file that was passed in its place. */
    public boolean isEventFd() {
        return "anon_inode:[eventfd]".equals(kernelName());
    }

    private String kernelName() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + number())).toString();
        } catch (IOException gone) {
            return "";
        }
    }

    /** Gives up ownership: the caller closes the number from now on. */
    public int release() {
        int fd = number.getAndSet(CLOSED);
        if (fd == CLOSED) {
            throw new IllegalStateException("descriptor is closed");
        }
        return fd;
    }

    @Override
    public void close() {
        int fd = number.getAndSet(CLOSED);
        if (fd != CLOSED) {
            closeNumber(fd);
        }
    }

    /** Closes a number nobody owns. Linux frees the number even when close(2) reports an error, so none is raised. */
    static void closeNumber(int fd) {
        Posix.C.close(fd);
    }

    @Override
    public String toString() {
        return "fd " + number.get();
    }

    /** What the kernel says about an open file. Sizes in bytes. */
    public record Stat(int type, long size, long blockSize) {
        private static final int AT_EMPTY_PATH = 0x1000;
        private static final int STATX_TYPE = 0x1;
        private static final int STATX_SIZE = 0x200;
        private static final int STATX_BYTES = 256;
        private static final int TYPE_MASK = 0170000;
        private static final int TYPE_REGULAR = 0100000;
        private static final int TYPE_BLOCK = 0060000;

        // statx(2) has one layout on every architecture, struct stat has not.
        private static final int BLOCK_SIZE = 4;
        private static final int MODE = 28;
        private static final int SIZE = 40;

        static Stat of(Fd fd) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment buffer = arena.allocate(STATX_BYTES, 8);
                Posix.check(
                        "statx",
                        Posix.C.statx(fd.number(), "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, Posix.address(buffer)));
                return new Stat(
                        buffer.get(ValueLayout.JAVA_SHORT, MODE) & TYPE_MASK,
                        buffer.get(ValueLayout.JAVA_LONG, SIZE),
                        Integer.toUnsignedLong(buffer.get(ValueLayout.JAVA_INT, BLOCK_SIZE)));
            }
        }

        /** A regular file; a memfd and a file in hugetlbfs are ones too. */
        public boolean isRegular() {
            return type == TYPE_REGULAR;
        }

        public boolean isBlockDevice() {
            return type == TYPE_BLOCK;
        }
    }
}
