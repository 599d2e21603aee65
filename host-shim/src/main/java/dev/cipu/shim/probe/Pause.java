package dev.cipu.shim.probe;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Bounded waits of a thread that looks at shared memory. */
public final class Pause {
    private static final long LOOK_NANOS = 50_000;
    private static final int SPINS = 2_000;

    private Pause() {}

    public static void of(Duration length) {
        long end = System.nanoTime() + length.toNanos();
        for (long left = length.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Waits until the condition holds; false if it does not within {@code limit}. */
    public static boolean until(BooleanSupplier condition, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        for (int i = 0; !condition.getAsBoolean(); i++) {
            if (System.nanoTime() - deadline > 0) {
                return condition.getAsBoolean();
            }
            if (i > SPINS) {
                LockSupport.parkNanos(LOOK_NANOS);
            } else {
                Thread.onSpinWait();
            }
        }
        return true;
    }
}
