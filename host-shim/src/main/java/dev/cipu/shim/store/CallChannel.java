package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockTask;
import dev.cipu.shim.posix.Fd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Plain blocking calls, for systems that do not allow io_uring: the worker stands still while the disk works. Owner: the
 * worker that polls the queue.
 */
final class CallChannel extends StoreChannel {
    private final Fd file;
    private final KernelCalls calls = new KernelCalls();

    /** One struct iovec, for operations on a single buffer. */
    private final MemorySegment vector = arena.allocate(16, 16);

    CallChannel(Fd file, int tasks, int alignment, Holes holes) {
        super(tasks, alignment, holes);
        this.file = file;
    }

    @Override
    public void submit(BlockTask blockTask) {
        FileTask task = tasks[blockTask.slot()];
        task.begin(blockTask);
        boolean more = true;
        while (more) {
            record(task);
            more = task.advance(issue(task));
        }
        task.complete();
    }

    private int issue(FileTask task) {
        int fd = file.number();
        return switch (task.opcode()) {
            case FileOp.READ -> calls.read(fd, single(task), 1, task.offset());
            case FileOp.READV -> calls.read(fd, task.address(), task.length(), task.offset());
            case FileOp.WRITE -> calls.write(fd, single(task), 1, task.offset(), task.flags());
            case FileOp.WRITEV -> calls.write(fd, task.address(), task.length(), task.offset(), task.flags());
            case FileOp.FALLOCATE -> calls.allocate(fd, task.length(), task.offset(), task.address());
            case FileOp.FSYNC -> calls.syncData(fd);
            default -> throw new IllegalStateException("operation " + task.opcode());
        };
    }

    private long single(FileTask task) {
        vector.set(ValueLayout.JAVA_LONG, 0, task.address());
        vector.set(ValueLayout.JAVA_LONG, 8, task.length());
        return vector.address();
    }

    @Override
    public int poll() {
        return 0;
    }

    @Override
    public int inFlight() {
        return 0;
    }

    @Override
    public void close() {
        arena.close();
    }
}
