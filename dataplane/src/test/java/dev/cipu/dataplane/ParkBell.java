package dev.cipu.dataplane;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A bell for drivers in the same process: parks the worker's thread. One thread at a time may wait. */
public final class ParkBell implements Bell {
    private final AtomicBoolean rung = new AtomicBoolean();
    private volatile @Nullable Thread sleeper;

    @Override
    public void await(long maxNanos) {
        sleeper = Thread.currentThread();
        // pairs with ring(): it sets the flag before it looks for a sleeper
        if (!rung.get()) {
            LockSupport.parkNanos(this, maxNanos);
        }
        sleeper = null;
        rung.set(false);
    }

    @Override
    public void ring() {
        rung.set(true);
        Thread waiting = sleeper;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }
}
