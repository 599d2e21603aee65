package dev.cipu.bench.process;

import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.PosixException;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Work on a core of its own while the caller, which is not bound to it, waits. */
public final class PinnedCall {
    private PinnedCall() {}

    /**
     * Calls {@code work} on a new thread, bound to one core before it begins.
     *
     * @param name the thread's
     */
    public static <T> T on(int core, String name, Callable<T> work) throws IOException, InterruptedException {
        FutureTask<T> task = new FutureTask<>(() -> {
            Affinity.pin(core);
            return work.call();
        });
        Thread.ofPlatform().name(name).daemon().start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case PosixException cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }
}
