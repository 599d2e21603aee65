package dev.cipu.shim.vfio.server;

import java.util.HashMap;
import java.util.Map;

/**
 * Which of the card's pages stand for memory of the client's that is far, and for how many buffers each. A page is given back
 * with its last buffer: the card has room for what is under way, not for another guest's worth of memory. Owned by the session's
 * thread.
 */
final class FarPages {
    private static final int PAGE = DmaRegion.PAGE;

    private final Map<Long, Integer> uses = new HashMap<>();
    private final Giving giving;

    /** Gives whole pages back; what they held is gone. */
    @FunctionalInterface
    interface Giving {
        void pages(long address, long bytes);
    }

    FarPages(Giving giving) {
        this.giving = giving;
    }

    /** Pages of a buffer. */
    static long count(long address, long bytes) {
        return bytes == 0
                ? 0
                : Math.floorDiv(address + bytes - 1, (long) PAGE) - Math.floorDiv(address, (long) PAGE) + 1;
    }

    void take(long address, long bytes) {
        long first = Math.floorDiv(address, (long) PAGE);
        for (long page = first; page < first + count(address, bytes); page++) {
            uses.merge(page, 1, Integer::sum);
        }
    }

    void release(long address, long bytes) {
        long first = Math.floorDiv(address, (long) PAGE);
        long end = first + count(address, bytes);
        long free = first;
        for (long page = first; page < end; page++) {
            if (uses.merge(page, -1, Integer::sum) > 0) {
                give(free, page);
                free = page + 1;
            } else {
                uses.remove(page);
            }
        }
        give(free, end);
    }

    private void give(long from, long to) {
        if (from < to) {
            giving.pages(from * PAGE, (to - from) * PAGE);
        }
    }

    /** Pages in use. */
    int held() {
        return uses.size();
    }
}
