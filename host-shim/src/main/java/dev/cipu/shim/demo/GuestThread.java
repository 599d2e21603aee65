package dev.cipu.shim.demo;

import dev.cipu.shim.posix.Affinity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A thread that stands for a host core: it runs the guests given to it in turn until they have come to rest. */
final class GuestThread {
    private static final long REST_NANOS = 2_000_000_000L;

    private final List<Duty> duties;
    private final List<Integer> cpus;
    private final boolean sharesCore;
    private final Phase phase;
    private final Thread thread;
    private volatile @Nullable Throwable failure;

    /** What all guests of a demo are to do now; written by the demo alone. */
    static final class Phase {
        volatile boolean starting = true;
        volatile boolean measured;
    }

    /**
     * @param cpus where the thread may run
     * @param sharesCore whether the card works on the same core, so that waiting must not take it all
     */
    GuestThread(int number, List<Duty> duties, List<Integer> cpus, boolean sharesCore, Phase phase) {
        this.duties = duties;
        this.cpus = cpus;
        this.sharesCore = sharesCore;
        this.phase = phase;
        thread = Thread.ofPlatform().name("cipu-guest-" + number).daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    long threadId() {
        return thread.threadId();
    }

    private void run() {
        try {
            Affinity.pin(cpus);
            while (phase.starting) {
                turn(true);
            }
            comeToRest();
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // on one core, whoever waits has to let the other work
    private void turn(boolean starting) {
        boolean worked = false;
        boolean measured = phase.measured;
        for (Duty duty : duties) {
            worked |= duty.step(starting, measured);
        }
        if (!worked) {
            if (sharesCore) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private void comeToRest() {
        long end = System.nanoTime() + REST_NANOS;
        while (!duties.stream().allMatch(Duty::isQuiet) && System.nanoTime() < end) {
            turn(false);
        }
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    /** Waits for the end of the thread. */
    @Nullable
    Throwable join() throws InterruptedException {
        thread.join();
        return failure;
    }
}
