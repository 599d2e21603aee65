package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.PageLog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The front-end's bitmap of the guest pages that we have written, one bit for 4 KiB. Mapped and unmapped by the session's thread
 * while no worker has it; any number of workers mark pages in it. [vhost-user "Migration"]
 */
final class LogRegion implements PageLog, AutoCloseable {
    private static final int PAGE_SHIFT = 12;

    /** Bytes that cover 128 TiB of guest addresses. */
    private static final long MAX_BYTES = 1L << 32;

    private static final int WORD_SHIFT = 5;
    private static final VarHandle WORD =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private final Mapping mapping;
    private final MemorySegment bits;
    private final long pages;

    private LogRegion(Mapping mapping) {
        this.mapping = mapping;
        bits = mapping.segment();
        pages = bits.byteSize() * Byte.SIZE;
    }

    /** Maps what SET_LOG_BASE brings; consumes the descriptor. */
    static LogRegion of(Fd file, long size, long offset) {
        try {
            if (size <= 0 || size > MAX_BYTES || (size | offset) % Long.BYTES != 0) {
                file.close();
                throw new RefusedException(
                        "log of " + Long.toUnsignedString(size) + " bytes from " + Long.toUnsignedString(offset));
            }
            return new LogRegion(Mapping.of(file, offset, size));
        } catch (IllegalArgumentException | PosixException e) {
            throw new RefusedException("log: " + e.getMessage());
        }
    }

    /** Marks the pages of a range that was written. What lies beyond the log is not marked, for there is no place for it. */
    @Override
    public void mark(long guestAddress, long bytes) {
        if (bytes <= 0) {
            return;
        }
        long end = guestAddress + bytes - 1;
        long last = Math.min((Long.compareUnsigned(end, guestAddress) < 0 ? -1 : end) >>> PAGE_SHIFT, pages - 1);
        for (long page = guestAddress >>> PAGE_SHIFT; page <= last; page++) {
            // the front-end clears bits meanwhile, and then copies the page: a look whether the bit is set already
            // might
            // come before our stores to the page have become visible
            int _ = (int) WORD.getAndBitwiseOr(bits, page >>> WORD_SHIFT << 2, 1 << page);
        }
    }

    boolean fileStillCovers() {
        return mapping.fileStillCovers();
    }

    @Override
    public void close() {
        mapping.close();
    }
}
