package dev.cipu.shim.store;

/** Operations of a file, numbered as io_uring does. */
final class FileOp {
    static final int READV = 1;
    static final int WRITEV = 2;
    static final int FSYNC = 3;
    static final int FALLOCATE = 17;
    static final int READ = 22;
    static final int WRITE = 23;

    /** One more than the largest number above. */
    static final int LIMIT = 24;

    /** Flag of a write: the data is durable when it completes. */
    static final int RWF_DSYNC = 2;

    /** Flag of a sync: as fdatasync(2). */
    static final int DATASYNC = 1;

    static final int KEEP_SIZE = 1;
    static final int PUNCH_HOLE = 2 | KEEP_SIZE;
    static final int ZERO_RANGE = 0x10 | KEEP_SIZE;

    private FileOp() {}
}
