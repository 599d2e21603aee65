package dev.cipu.shim.sim;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Runs simulations side by side, each on one thread from beginning to end, so that the order of their results is that of their inputs. */
public final class Parallel {
    private Parallel() {}

    /** What {@code work} makes of each; its exception if one of them fails. */
    public static <T, R> List<R> map(List<T> inputs, int threads, Function<T, R> work) {
        List<Callable<R>> calls = inputs.stream()
                .map(each -> (Callable<R>) () -> work.apply(each))
                .toList();
        try (ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, Math.max(1, inputs.size())))) {
            return pool.invokeAll(calls).stream().map(Parallel::result).toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        }
    }

    private static <R> R result(Future<R> done) {
        try {
            return done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        }
    }
}
