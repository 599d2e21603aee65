package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.Poller;
import dev.cipu.dataplane.Worker;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.FunctionListener;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.EpollBell;
import dev.cipu.shim.posix.PosixException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One core of the card: a worker, the bell it sleeps by, and the pinned thread that runs it. Made and closed by the
 * composition root; {@link #watch} and {@link #unwatch} may be called by any thread in between.
 */
final class CardCore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardCore.class);

    private final int index;
    private final int cpu;
    private final EpollBell bell = new EpollBell();
    private final Worker worker;
    private final Thread thread;
    private final CountDownLatch pinned = new CountDownLatch(1);
    private volatile @Nullable PosixException pinFailure;

    /** Functions to be told when shared memory was found missing on this core. */
    private final List<Runnable> faultListeners = new CopyOnWriteArrayList<>();

    /** Queues that faulted since the functions were last told. Owned by the worker. */
    private final List<Fault> faults = new ArrayList<>();

    /** Queues whose drivers never kick: while there is one this core must not sleep. Owned by the worker. */
    private int unkicked;

    CardCore(int index, int cpu, IdlePolicy idle, CounterTable counters) {
        this.index = index;
        this.cpu = cpu;
        CounterGroup group = counters.group("worker" + index, Worker.COUNTERS);
        worker = new Worker(idle, bell, System::nanoTime, group, (source, cause) -> failed(index, source, cause));
        worker.add(new Wakefulness());
        thread = Thread.ofPlatform().name("cipu-worker-" + index).unstarted(this::run);
    }

    private record Fault(FunctionListener owner, int queue) {}

    private static void failed(int index, Object source, Throwable cause) {
        LOG.error("worker {} goes on without {}", index, source.getClass().getSimpleName(), cause);
    }

    /** Keeps the worker from sleeping while some queue has to be polled. */
    private final class Wakefulness implements Poller {
        @Override
        public int poll() {
            return 0;
        }

        @Override
        public boolean arm() {
            return unkicked == 0;
        }

        @Override
        public void disarm() {}
    }

    /**
     * Starts the thread.
     *
     * @throws CardSpecException if the core is none that this process may use
     */
    void start() {
        thread.start();
        boolean interrupted = false;
        while (true) {
            try {
                pinned.await();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (pinFailure != null) {
            throw new CardSpecException(
                    "cores: this process may not run on core " + cpu + "; choose among " + Affinity.allowed(),
                    pinFailure);
        }
    }

    private void run() {
        try {
            Affinity.pin(cpu);
        } catch (PosixException e) {
            pinFailure = e;
            return;
        } finally {
            pinned.countDown();
        }
        worker.run();
    }

    /** The number of its worker among the card's. */
    int index() {
        return index;
    }

    int cpu() {
        return cpu;
    }

    Worker worker() {
        return worker;
    }

    /** CPU time of the core's thread so far, see {@link java.lang.management.ThreadMXBean}. */
    long threadId() {
        return thread.threadId();
    }

    /**
     * From now on a kick wakes the worker.
     *
     * @param kickFd an eventfd, or {@link CardFunction#POLLED}
     * @return whether kicks will come; if not, the worker stays awake until {@link #unwatch}
     */
    boolean watch(int kickFd) {
        boolean kicks = kickFd != CardFunction.POLLED && bell.add(kickFd);
        if (!kicks) {
            worker.call(() -> unkicked++);
        }
        return kicks;
    }

    /**
     * Takes {@link #watch} back.
     *
     * @param kicks what it said
     */
    void unwatch(int kickFd, boolean kicks) {
        if (kicks) {
            bell.remove(kickFd);
        } else {
            worker.call(() -> unkicked--);
        }
    }

    /** From now on {@code told} runs, on the worker, after each round with a {@link #memoryFault}. */
    void onMemoryFault(Runnable told) {
        faultListeners.add(told);
    }

    /** Takes {@link #onMemoryFault} back, by the same object. */
    void forgetMemoryFault(Runnable told) {
        faultListeners.remove(told);
    }

    /**
     * An access to shared memory faulted while {@code queue} was served. The JVM may report this late, so that it seems to
     * be a neighbour's: everybody on this core is asked to look at its memory. Called by the worker.
     */
    void memoryFault(FunctionListener owner, int queue) {
        faults.add(new Fault(owner, queue));
        if (faults.size() == 1) {
            // after the round: a fault reported so late that nobody knows whose it was comes from many
            worker.post(this::tellOfFaults);
        }
    }

    private void tellOfFaults() {
        List<Fault> met = List.copyOf(faults);
        faults.clear();
        boolean alone = met.stream().map(Fault::owner).distinct().count() == 1;
        met.forEach(fault -> fault.owner().queueFaulted(fault.queue(), alone));
        faultListeners.forEach(Runnable::run);
    }

    /** Ends the thread; afterwards nobody polls. */
    @Override
    public void close() {
        worker.stop();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        bell.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
