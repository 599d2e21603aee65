package dev.cipu.dataplane;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts the bytes that the calling thread allocates. */
public final class Allocation {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ATTEMPTS = 30;

    private Allocation() {}

    /**
     * Bytes that {@code work} allocates once it is compiled. Code that is still interpreted or deoptimized may allocate,
     * so the work is repeated until it does not; work that allocates each time never gets there.
     *
     * @return 0, or the bytes of the last of many runs
     */
    public static long inSteadyState(Runnable work) {
        long bytes = 0;
        for (int i = 0; i < ATTEMPTS; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            work.run();
            bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            if (bytes == 0) {
                break;
            }
        }
        return bytes;
    }
}
