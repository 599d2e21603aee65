package dev.cipu.shim.posix;

/**
 * Anonymous memory behind a descriptor, to be mapped here and passed to a peer. Its size is sealed: whoever receives the
 * descriptor cannot cut pages away under a mapping.
 */
public final class Memfd implements AutoCloseable {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_HUGETLB = 4;
    private static final int F_ADD_SEALS = 1033;
    private static final int SEAL_SEAL_SHRINK_GROW = 1 | 2 | 4;

    private final Fd fd;
    private final long size;

    private Memfd(Fd fd, long size) {
        this.fd = fd;
        this.size = size;
    }

    /** Zeroed memory of {@code size} bytes; {@code name} shows up in /proc only. */
    public static Memfd create(String name, long size) {
        return create(name, size, 0);
    }

    /**
     * As {@link #create(String, long)}, of huge pages of the default size, which {@code size} is a multiple of. All are
     * taken at once, since a page that is missing later would raise SIGBUS: throws ENOSPC when too few are free.
     */
    public static Memfd createHuge(String name, long size) {
        Memfd memory = create(name, size, MFD_HUGETLB);
        try {
            memory.fd.allocate(0, 0, size);
        } catch (PosixException e) {
            memory.close();
            throw e;
        }
        return memory;
    }

    private static Memfd create(String name, long size, int flags) {
        if (size <= 0) {
            throw new IllegalArgumentException("size " + size);
        }
        Fd fd = new Fd(
                Posix.check("memfd_create", Posix.C.memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags)));
        try {
            fd.truncate(size);
            Posix.check("fcntl(F_ADD_SEALS)", Posix.C.fcntl(fd.number(), F_ADD_SEALS, SEAL_SEAL_SHRINK_GROW));
        } catch (PosixException e) {
            fd.close();
            throw e;
        }
        return new Memfd(fd, size);
    }

    public Fd fd() {
        return fd;
    }

    public long size() {
        return size;
    }

    /** Maps the whole of it, readable and writable. */
    public Mapping map() {
        return Mapping.of(fd.duplicate(), 0, size);
    }

    @Override
    public void close() {
        fd.close();
    }
}
