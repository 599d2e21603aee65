package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that the kernel provides behind a descriptor that is no file, such as the rings of io_uring; shared and writable
 * until {@link #close}. The owner closes it when no thread touches it any more.
 */
public final class KernelMapping implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    /**
     * Maps {@code bytes} bytes from {@code offset} on, a multiple of the page size.
     *
     * @throws PosixException if the kernel refuses
     */
    @SuppressWarnings("restricted")
    public KernelMapping(Fd fd, long offset, long bytes) {
        long address = MemoryMap.map(bytes, fd, offset);
        segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, gone -> MemoryMap.unmap(address, bytes));
    }

    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        arena.close();
    }
}
