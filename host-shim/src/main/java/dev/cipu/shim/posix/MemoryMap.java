package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import jnr.constants.platform.Errno;

/**
 * mmap(2) and munmap(2). Bound through FFM although they are cold: jnr-ffi 2.3.2 passes a sixth integer argument wrongly
 * on x86-64, and mmap is the one call with six.
 */
final class MemoryMap {
    private static final int READ = 1;
    private static final int READ_WRITE = 3;
    private static final int SHARED_NORESERVE = 0x4001;
    private static final long FAILED = -1;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final MethodHandle MMAP = bind(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle MUNMAP =
            bind("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private MemoryMap() {}

    @SuppressWarnings("restricted")
    private static MethodHandle bind(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
    }

    /** Maps shared, readable and writable; returns the address. */
    static long map(long bytes, Fd file, long offset) {
        return map(bytes, READ_WRITE, file, offset);
    }

    /** As {@link #map(long, Fd, long)}, but not writable. */
    static long mapReadOnly(long bytes, Fd file, long offset) {
        return map(bytes, READ, file, offset);
    }

    private static long map(long bytes, int protection, Fd file, long offset) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long address =
                    (long) MMAP.invokeExact(state, 0L, bytes, protection, SHARED_NORESERVE, file.number(), offset);
            if (address == FAILED) {
                throw new PosixException("mmap", Errno.valueOf((int) ERRNO.get(state, 0L)));
            }
            return address;
        } catch (PosixException e) {
            throw e;
        } catch (Throwable impossible) {
            throw new IllegalStateException("mmap(2) raised", impossible);
        }
    }

    static void unmap(long address, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            if ((int) MUNMAP.invokeExact(state, address, bytes) != 0) {
                throw new PosixException("munmap", Errno.valueOf((int) ERRNO.get(state, 0L)));
            }
        } catch (PosixException e) {
            throw e;
        } catch (Throwable impossible) {
            throw new IllegalStateException("munmap(2) raised", impossible);
        }
    }
}
