package dev.cipu.shim.vfio.server;

import dev.cipu.shim.session.PageLog;
import dev.cipu.shim.vfio.ErrorNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which pages the device has written since they were last asked for. Any number of workers mark; the session's thread asks.
 * {@code [vfio-user "VFIO_DEVICE_FEATURE_DMA_LOGGING_START"]}
 */
final class DirtyPages implements PageLog {
    /** Bytes of a page here, whatever a client proposes. */
    static final int PAGE = 4096;

    private static final int PAGE_SHIFT = 12;
    private static final int WORD_SHIFT = 5;

    /** Bytes of memory that are watched at most, 1 TiB: 32 MiB of marks. */
    private static final long MOST_BYTES = 1L << 40;

    /** A part of the client's addresses. */
    record Range(long address, long bytes) {
        private long first() {
            return address >>> PAGE_SHIFT;
        }

        private long pages() {
            return ((address + bytes - 1) >>> PAGE_SHIFT) - first() + 1;
        }
    }

    /** A range and its marks. */
    private record Part(long first, long pages, AtomicIntegerArray marks) {
        static Part of(Range range) {
            long pages = range.pages();
            return new Part(range.first(), pages, new AtomicIntegerArray((int) ((pages >>> WORD_SHIFT) + 1)));
        }

        boolean isOf(Range range) {
            return first == range.first() && pages == range.pages();
        }

        boolean has(long page) {
            return Long.compareUnsigned(page - first, pages) < 0;
        }

        void mark(long page) {
            long at = page - first;
            int bit = 1 << at;
            int _ = marks.accumulateAndGet((int) (at >>> WORD_SHIFT), bit, (before, more) -> before | more);
        }

        boolean take(long page) {
            long at = page - first;
            int bit = 1 << at;
            int before = marks.getAndAccumulate((int) (at >>> WORD_SHIFT), bit, (word, gone) -> word & ~gone);
            return (before & bit) != 0;
        }
    }

    private final List<Part> parts;

    private DirtyPages(List<Part> parts) {
        this.parts = List.copyOf(parts);
    }

    /** Nothing is marked yet. */
    static DirtyPages of(List<Range> ranges) {
        DirtyPages pages = new DirtyPages(List.of());
        for (Range range : ranges) {
            pages = pages.with(range);
        }
        return pages;
    }

    /** These and one range more; marks are the same. */
    DirtyPages with(Range range) {
        if (range.bytes <= 0 || Long.compareUnsigned(range.address + range.bytes - 1, range.address) < 0) {
            throw new Refusal("a range to watch that is empty or wraps");
        }
        long watched = 0;
        for (Part part : parts) {
            if (part.isOf(range)) {
                return this;
            }
            watched += part.pages << PAGE_SHIFT;
        }
        if (range.bytes > MOST_BYTES - watched) {
            throw new Refusal(ErrorNumber.NO_SPACE, "more than " + MOST_BYTES + " bytes to watch");
        }
        List<Part> more = new ArrayList<>(parts);
        more.add(Part.of(range));
        return new DirtyPages(more);
    }

    @Override
    public void mark(long address, long bytes) {
        if (bytes <= 0) {
            return;
        }
        long last = (address + bytes - 1) >>> PAGE_SHIFT;
        for (long page = address >>> PAGE_SHIFT; page <= last; page++) {
            for (Part part : parts) {
                if (part.has(page)) {
                    part.mark(page);
                }
            }
        }
    }

    /** Whether a page was written since it was last taken. */
    boolean take(long address) {
        long page = address >>> PAGE_SHIFT;
        boolean dirty = false;
        for (Part part : parts) {
            dirty |= part.has(page) && part.take(page);
        }
        return dirty;
    }
}
