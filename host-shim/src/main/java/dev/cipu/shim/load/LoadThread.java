package dev.cipu.shim.load;

import com.sun.management.ThreadMXBean;
import dev.cipu.shim.posix.Affinity;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs a load on a platform thread of its own, pinned if asked for, and counts what that thread allocates. */
final class LoadThread {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private LoadThread() {}

    /**
     * Runs {@code load} to its end on a new thread and waits for it.
     *
     * @param core the CPU to pin the thread to, or {@link RunSpec#ANY_CORE}
     * @throws LoadException if the wait is interrupted, or the load throws a checked exception; its others are thrown on
     * @throws dev.cipu.shim.posix.PosixException if this machine lacks the core or the process may not use it
     * @throws IllegalArgumentException if no machine has such a core
     */
    static <T> T run(int core, Callable<T> load) {
        FutureTask<T> task = new FutureTask<>(() -> {
            if (core != RunSpec.ANY_CORE) {
                Affinity.pin(core);
            }
            return load.call();
        });
        Thread.ofPlatform().name("cipu-drive").daemon().start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new LoadException("the load failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoadException("interrupted", e);
        }
    }

    /** Bytes of the Java heap that the calling thread has allocated so far. */
    static long allocatedBytes() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }
}
