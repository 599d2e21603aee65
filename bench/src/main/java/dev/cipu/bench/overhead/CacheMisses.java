package dev.cipu.bench.overhead;

import dev.cipu.shim.posix.PerfCounter;
import java.util.ArrayList;
import java.util.List;

/** Counts the cache misses of some threads, as long as each of them has a counter. One thread uses it. */
final class CacheMisses implements AutoCloseable {
    /** The calling thread. */
    static final long THIS_THREAD = 0;

    private static final long UNKNOWN = -1;

    private final List<PerfCounter> counters = new ArrayList<>();
    private boolean complete = true;
    private long count = UNKNOWN;

    /**
     * Counts a thread from now on.
     *
     * @param tid as the kernel numbers it
     */
    void watch(long tid) {
        PerfCounter counter = complete ? PerfCounter.open(PerfCounter.Event.CACHE_MISSES, tid) : null;
        if (counter == null) {
            complete = false;
        } else {
            counters.add(counter);
        }
    }

    /** Notes the count of all threads. */
    void end() {
        if (complete && !counters.isEmpty()) {
            count = counters.stream().mapToLong(PerfCounter::read).sum();
        }
    }

    /** What was noted, -1 if some thread has no counter. */
    long count() {
        return count;
    }

    @Override
    public void close() {
        counters.forEach(PerfCounter::close);
    }
}
