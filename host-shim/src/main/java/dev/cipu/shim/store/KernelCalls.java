package dev.cipu.shim.store;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The system calls of a store, bound through FFM because they are hot. As in the kernel a negative result is an errno.
 * Nothing here allocates per call. One thread at a time.
 */
final class KernelCalls {
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int EBUSY = 16;
    static final int EINVAL = 22;
    static final int EOPNOTSUPP = 95;

    // the same numbers on every architecture: they are younger than the unified table
    private static final long IO_URING_SETUP = 425;
    private static final long IO_URING_ENTER = 426;
    private static final long IO_URING_REGISTER = 427;

    /** ioctl: the size of a block device in bytes, 64 bits. */
    static final long BLKGETSIZE64 = 0x80081272L;

    /** ioctl: the logical block size of a block device in bytes, 32 bits. */
    static final long BLKSSZGET = 0x1268;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

    private static final MethodHandle SYSCALL =
            bind("syscall", 1, FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG));
    private static final MethodHandle IOCTL = bind("ioctl", 2, FunctionDescriptor.of(INT, INT, LONG, LONG));
    private static final MethodHandle PREADV2 =
            bind("preadv2", -1, FunctionDescriptor.of(LONG, INT, LONG, INT, LONG, INT));
    private static final MethodHandle PWRITEV2 =
            bind("pwritev2", -1, FunctionDescriptor.of(LONG, INT, LONG, INT, LONG, INT));
    private static final MethodHandle FALLOCATE =
            bind("fallocate", -1, FunctionDescriptor.of(INT, INT, INT, LONG, LONG));
    private static final MethodHandle FDATASYNC = bind("fdatasync", -1, FunctionDescriptor.of(INT, INT));

    private final MemorySegment state = Arena.ofAuto().allocate(STATE);

    @SuppressWarnings("restricted")
    private static MethodHandle bind(String name, int firstVariadic, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        Linker.Option errno = Linker.Option.captureCallState("errno");
        MemorySegment symbol = linker.defaultLookup().findOrThrow(name);
        return firstVariadic < 0
                ? linker.downcallHandle(symbol, type, errno)
                : linker.downcallHandle(symbol, type, errno, Linker.Option.firstVariadicArg(firstVariadic));
    }

    private long result(long value) {
        return value < 0 ? -(int) ERRNO.get(state, 0L) : value;
    }

    private static IllegalStateException raised(String call, Throwable cause) {
        return new IllegalStateException(call + " raised", cause);
    }

    private long syscall(long number, long a, long b, long c, long d) {
        try {
            return result((long) SYSCALL.invokeExact(state, number, a, b, c, d, 0L, 0L));
        } catch (Throwable impossible) {
            throw raised("syscall(2)", impossible);
        }
    }

    int ringSetup(int entries, MemorySegment parameters) {
        return (int) syscall(IO_URING_SETUP, entries, parameters.address(), 0, 0);
    }

    int ringEnter(int ring, int submit, int complete, int flags) {
        return (int) syscall(IO_URING_ENTER, ring, submit, complete, flags);
    }

    int ringRegister(int ring, int operation, MemorySegment argument, int count) {
        return (int) syscall(IO_URING_REGISTER, ring, operation, argument.address(), count);
    }

    int ioctl(int fd, long request, MemorySegment argument) {
        try {
            return (int) result((int) IOCTL.invokeExact(state, fd, request, argument.address()));
        } catch (Throwable impossible) {
            throw raised("ioctl(2)", impossible);
        }
    }

    /**
     * @param vectors address of an array of struct iovec
     */
    int read(int fd, long vectors, int count, long offset) {
        try {
            return (int) result((long) PREADV2.invokeExact(state, fd, vectors, count, offset, 0));
        } catch (Throwable impossible) {
            throw raised("preadv2(2)", impossible);
        }
    }

    /**
     * @param vectors address of an array of struct iovec
     * @param flags {@code RWF_*}
     */
    int write(int fd, long vectors, int count, long offset, int flags) {
        try {
            return (int) result((long) PWRITEV2.invokeExact(state, fd, vectors, count, offset, flags));
        } catch (Throwable impossible) {
            throw raised("pwritev2(2)", impossible);
        }
    }

    int allocate(int fd, int mode, long offset, long length) {
        try {
            return (int) result((int) FALLOCATE.invokeExact(state, fd, mode, offset, length));
        } catch (Throwable impossible) {
            throw raised("fallocate(2)", impossible);
        }
    }

    int syncData(int fd) {
        try {
            return (int) result((int) FDATASYNC.invokeExact(state, fd));
        } catch (Throwable impossible) {
            throw raised("fdatasync(2)", impossible);
        }
    }
}
