package dev.cipu.dataplane;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One card core: polls its pollers in turn, and between two rounds executes what other threads have put into its
 * mailbox. The thread inside {@link #run} owns all its pollers; nothing else may touch them meanwhile.
 *
 * <p>Before {@link #run} and after its end nobody owns the pollers, so commands are executed by the thread that gives
 * them, one at a time. Polling allocates nothing and takes no lock.
 */
public final class Worker implements Runnable {
    /** Names of the counters that a worker keeps, in order. */
    public static final List<String> COUNTERS =
            List.of("polls", "busy_polls", "busy_ns", "idle_ns", "asleep_ns", "sleeps", "commands", "failures");

    private static final int POLLS = 0;
    private static final int BUSY_POLLS = 1;
    private static final int BUSY_NANOS = 2;
    private static final int IDLE_NANOS = 3;
    private static final int ASLEEP_NANOS = 4;
    private static final int SLEEPS = 5;
    private static final int COMMANDS = 6;
    private static final int FAILURES = 7;

    /** Rounds between two looks at the clock. */
    static final int BLOCK = 64;

    /** Longest sleep; wakes are never lost, so this only bounds how long a worker with nothing to do stays silent. */
    private static final long MAX_SLEEP_NANOS = 1_000_000_000;

    /** From here on a pause is longer than a command's giver should have to wait: such are spent at the bell. */
    private static final long LONG_PARK_NANOS = 1_000_000;

    /**
     * A sleep ends so long before something is due: bells count in milliseconds, and a core that slept wants time to wake up. What
     * is due sooner is awaited awake.
     */
    static final long WAKE_NANOS = 2_000_000;

    /** By how much the kernel may lengthen a park. */
    static final long PARK_SLACK_NANOS = 100_000;

    private static final Poller[] NO_POLLERS = {};

    /** Hears of what went wrong on a worker, on its thread. */
    @FunctionalInterface
    public interface FailureHandler {
        /**
         * @param source the poller that was taken off the worker, or the posted command that threw
         */
        void failed(Object source, Throwable cause);
    }

    private enum State {
        NEW,
        RUNNING,
        ENDED
    }

    private final IdlePolicy idle;
    private final Bell bell;
    private final LongSupplier clock;
    private final CounterGroup counters;
    private final FailureHandler failures;
    private final ConcurrentLinkedQueue<Runnable> mailbox = new ConcurrentLinkedQueue<>();

    /** Guards {@link #state}, and who executes commands while the worker does not run. */
    private final Object gate = new Object();

    private State state = State.NEW;
    private volatile @Nullable Thread owner;
    private volatile boolean stopping;
    private volatile boolean sleeping;

    private Poller[] pollers = NO_POLLERS;
    private int changes;
    private int current;

    private int emptyRounds;
    private long parkNanos;
    private int blockRounds;
    private int blockBusy;
    private long blockStart;
    private long idleSince;
    private long idleRoundNanos = Long.MAX_VALUE;

    /**
     * @param clock nanoseconds, like {@link System#nanoTime}
     * @param counters made of {@link #COUNTERS}; the worker becomes its writer
     */
    public Worker(IdlePolicy idle, Bell bell, LongSupplier clock, CounterGroup counters, FailureHandler failures) {
        this.idle = Objects.requireNonNull(idle);
        this.bell = Objects.requireNonNull(bell);
        this.clock = Objects.requireNonNull(clock);
        this.counters = Objects.requireNonNull(counters);
        this.failures = Objects.requireNonNull(failures);
        blockStart = clock.getAsLong();
        idleSince = blockStart;
    }

    /** Polls until {@link #stop}. May be called once. */
    @Override
    public void run() {
        synchronized (gate) {
            if (state != State.NEW) {
                throw new IllegalStateException("a worker runs once");
            }
            state = State.RUNNING;
            owner = Thread.currentThread();
        }
        try {
            while (!stopping) {
                roundsUntilFault();
            }
        } finally {
            synchronized (gate) {
                state = State.ENDED;
                owner = null;
                executeCommands();
            }
        }
    }

    /**
     * The loop is inside the guard: a fault in shared memory may surface as late as at its next turn, between two polls. The
     * poller polled last met it, if it is still there.
     */
    private void roundsUntilFault() {
        try {
            while (!stopping) {
                round();
            }
        } catch (InternalError e) {
            Poller[] all = pollers;
            if (current < all.length) {
                fail(all[current], e);
            }
        }
    }

    /**
     * One round: commands, every poller once, then the idle policy. For tests that need no thread.
     *
     * @return work done
     */
    int round() {
        if (!mailbox.isEmpty()) {
            executeCommands();
        }
        int work = 0;
        Poller[] all = pollers;
        int version = changes;
        // a round ends early when the pollers change under it, so that none is touched after its removal
        for (int i = 0; i < all.length && version == changes; i++) {
            current = i;
            work += poll(all[i]);
        }
        counters.add(POLLS, 1);
        if (work > 0) {
            counters.add(BUSY_POLLS, 1);
            blockBusy++;
            emptyRounds = 0;
            parkNanos = 0;
        } else {
            emptyRounds++;
        }
        if (++blockRounds >= BLOCK) {
            account();
        }
        if (work == 0) {
            idle();
        }
        return work;
    }

    private int poll(Poller poller) {
        try {
            return poller.poll();
        } catch (RuntimeException | InternalError | OutOfMemoryError e) {
            fail(poller, e);
            return 1;
        }
    }

    /**
     * Splits the time of the last rounds into busy and idle. An empty round costs what the cheapest wholly idle block
     * has shown; the rest of the time went into work.
     */
    private void account() {
        long now = clock.getAsLong();
        long elapsed = now - blockStart;
        if (blockBusy == 0) {
            idleRoundNanos = Math.min(idleRoundNanos, elapsed / blockRounds);
            counters.add(IDLE_NANOS, elapsed);
        } else {
            int empty = blockRounds - blockBusy;
            long idleNanos = idleRoundNanos == Long.MAX_VALUE ? 0 : Math.min(elapsed, empty * idleRoundNanos);
            counters.add(IDLE_NANOS, idleNanos);
            counters.add(BUSY_NANOS, elapsed - idleNanos);
            idleSince = now;
        }
        blockStart = now;
        blockRounds = 0;
        blockBusy = 0;
    }

    private void idle() {
        if (pollers.length == 0) {
            sleep();
            return;
        }
        switch (idle) {
            case IdlePolicy.Spin _ -> {}
            case IdlePolicy.Backoff backoff -> backOff(backoff);
            case IdlePolicy.Sleep sleep -> {
                // the clock is read once a block, so is this decided once a block
                if (blockRounds == 0 && blockStart - idleSince >= sleep.idleNanos()) {
                    sleep();
                }
            }
        }
    }

    @SuppressWarnings("ThreadPriorityCheck")
    private void backOff(IdlePolicy.Backoff backoff) {
        int beyond = emptyRounds - backoff.spins();
        if (beyond <= 0) {
            return;
        }
        if (beyond <= backoff.pauses()) {
            Thread.onSpinWait();
        } else {
            emptyRounds = backoff.spins() + backoff.pauses();
            long next = backoff.after(parkNanos);
            long late = next < LONG_PARK_NANOS ? PARK_SLACK_NANOS : WAKE_NANOS;
            if (dueIn() <= next + late) {
                // a park would be late; where guest and card share a core, the guest may have it meanwhile
                Thread.yield();
            } else {
                parkNanos = next;
                park(next);
            }
        }
    }

    private void park(long nanos) {
        if (nanos < LONG_PARK_NANOS) {
            LockSupport.parkNanos(this, nanos);
            return;
        }
        // pairs with wake(): a command is in the mailbox before its giver looks at this flag
        sleeping = true;
        if (mailbox.isEmpty() && !stopping) {
            bell.await(nanos);
        }
        sleeping = false;
    }

    /** Nanoseconds until the first thing that a poller holds back is due. */
    private long dueIn() {
        long first = Long.MAX_VALUE;
        for (Poller poller : pollers) {
            first = Math.min(first, poller.dueIn());
        }
        return first;
    }

    /** Asks every poller for kicks and sleeps if none has anything to do, until shortly before something is due. */
    private void sleep() {
        // asked first: nothing new is held back before the next round, and kicks for a sleep too short to be one are in
        // vain
        long due = dueIn();
        if (due <= WAKE_NANOS) {
            return;
        }
        Poller[] all = pollers;
        // pairs with wake(): a command is in the mailbox before its giver looks at this flag
        sleeping = true;
        boolean quiet = true;
        for (int i = 0; i < all.length && quiet; i++) {
            current = i;
            quiet = arm(all[i]);
        }
        long before = clock.getAsLong();
        long after = before;
        if (quiet && mailbox.isEmpty() && !stopping) {
            bell.await(Math.min(MAX_SLEEP_NANOS, due - WAKE_NANOS));
            after = clock.getAsLong();
            counters.add(SLEEPS, 1);
            counters.add(ASLEEP_NANOS, after - before);
        }
        sleeping = false;
        all = pollers;
        for (int i = 0; i < all.length; i++) {
            current = i;
            disarm(all[i]);
        }
        blockStart = after;
        idleSince = after;
        blockRounds = 0;
        blockBusy = 0;
    }

    private boolean arm(Poller poller) {
        try {
            return poller.arm();
        } catch (RuntimeException | InternalError e) {
            fail(poller, e);
            return false;
        }
    }

    private void disarm(Poller poller) {
        try {
            poller.disarm();
        } catch (RuntimeException | InternalError e) {
            fail(poller, e);
        }
    }

    private void fail(Poller poller, Throwable cause) {
        counters.add(FAILURES, 1);
        boolean stays = false;
        try {
            stays = poller.failed(cause);
        } catch (RuntimeException | InternalError e) {
            cause.addSuppressed(e);
        }
        if (!stays) {
            takeOff(poller);
            failures.failed(poller, cause);
        }
    }

    private void executeCommands() {
        Runnable command = mailbox.poll();
        while (command != null) {
            counters.add(COMMANDS, 1);
            try {
                command.run();
            } catch (RuntimeException | InternalError e) {
                counters.add(FAILURES, 1);
                failures.failed(command, e);
            }
            command = mailbox.poll();
        }
    }

    /** Has the worker execute {@code command} between two rounds; does not wait. What it throws goes to the handler. */
    public void post(Runnable command) {
        synchronized (gate) {
            mailbox.add(command);
            if (state != State.RUNNING) {
                executeCommands();
                return;
            }
        }
        wake();
    }

    /**
     * Has the worker execute {@code command} between two rounds and waits until it has. On the worker's own thread it
     * is executed at once.
     *
     * @throws RuntimeException what the command threw, as it was thrown; likewise errors
     */
    public void call(Runnable command) {
        if (Thread.currentThread().equals(owner)) {
            command.run();
            return;
        }
        Call call = new Call(command);
        post(call);
        call.awaitDone();
    }

    /** Adds a poller, disarmed, at the end of the round. Does not wait. */
    public void add(Poller poller) {
        Objects.requireNonNull(poller);
        post(() -> {
            poller.disarm();
            Poller[] more = Arrays.copyOf(pollers, pollers.length + 1);
            more[pollers.length] = poller;
            changed(more);
        });
    }

    /** Takes a poller off and waits until it is: from then on the worker does not touch it. No effect if it is not there. */
    public void remove(Poller poller) {
        call(() -> takeOff(poller));
    }

    @SuppressWarnings("ReferenceEquality")
    private void takeOff(Poller poller) {
        changed(Arrays.stream(pollers).filter(p -> p != poller).toArray(Poller[]::new));
    }

    private void changed(Poller[] now) {
        pollers = now;
        changes++;
        emptyRounds = 0;
        parkNanos = 0;
        idleRoundNanos = Long.MAX_VALUE;
    }

    /** Ends {@link #run} after the current round; does not wait. Any thread may call it. */
    public void stop() {
        stopping = true;
        wake();
    }

    private void wake() {
        if (sleeping) {
            bell.ring();
        }
    }

    /** A command whose giver waits. */
    private static final class Call implements Runnable {
        private final Runnable command;
        private final CountDownLatch done = new CountDownLatch(1);
        private @Nullable Throwable thrown;

        Call(Runnable command) {
            this.command = command;
        }

        @Override
        public void run() {
            try {
                command.run();
            } catch (RuntimeException | Error e) {
                thrown = e;
            } finally {
                done.countDown();
            }
        }

        void awaitDone() {
            boolean interrupted = false;
            while (true) {
                try {
                    done.await();
                    break;
                } catch (InterruptedException _) {
                    // whoever waits is about to unmap what the worker uses: giving up is no option
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            switch (thrown) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
        }
    }
}
