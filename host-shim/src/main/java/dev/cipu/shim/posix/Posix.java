package dev.cipu.shim.posix;

import java.lang.foreign.MemorySegment;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/** The loaded C library, and how its results become exceptions. Thread-safe: errno is kept per thread. */
final class Posix {
    static final LibC C = LibraryLoader.create(LibC.class).failImmediately().load("c");

    private static final Runtime RUNTIME = Runtime.getRuntime(C);

    private Posix() {}

    static int check(String call, int result) {
        if (result < 0) {
            throw failure(call);
        }
        return result;
    }

    static PosixException failure(String call) {
        return new PosixException(call, errno());
    }

    static Errno errno() {
        return Errno.valueOf(RUNTIME.getLastError());
    }

    static long address(MemorySegment nativeSegment) {
        if (!nativeSegment.isNative()) {
            throw new IllegalArgumentException("a system call needs native memory");
        }
        return nativeSegment.address();
    }
}
