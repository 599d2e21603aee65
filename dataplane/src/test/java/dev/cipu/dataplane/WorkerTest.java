package dev.cipu.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WorkerTest {
    /** Time that moves by a fixed step at every look. */
    private static final class FakeClock implements LongSupplier {
        private long now;
        private final long step;

        FakeClock(long step) {
            this.step = step;
        }

        @Override
        public long getAsLong() {
            now += step;
            return now;
        }
    }

    private static final class FakeBell implements Bell {
        private int awaits;
        private final List<Long> lengths = new ArrayList<>();
        private boolean keepsLengths;
        private long longest;

        @Override
        public void await(long maxNanos) {
            awaits++;
            if (keepsLengths) {
                lengths.add(maxNanos);
            }
            longest = maxNanos;
        }

        @Override
        public void ring() {}
    }

    /** Does what it is told and remembers how it was called. */
    private static final class Probe implements Poller {
        private int work;
        private boolean quiet = true;
        private long dueIn = Long.MAX_VALUE;
        private boolean copes;
        private @Nullable RuntimeException thrown;
        private @Nullable Error error;
        private int polls;
        private int arms;
        private int disarms;
        private boolean armed;

        @Override
        public int poll() {
            polls++;
            if (thrown != null) {
                throw thrown;
            }
            if (error != null) {
                throw error;
            }
            return work;
        }

        @Override
        public boolean arm() {
            arms++;
            armed = true;
            return quiet;
        }

        @Override
        public void disarm() {
            disarms++;
            armed = false;
        }

        @Override
        public long dueIn() {
            return dueIn;
        }

        @Override
        public boolean failed(Throwable cause) {
            return copes;
        }
    }

    private final CounterGroup counters = CounterGroup.unlisted(Worker.COUNTERS);
    private final FakeBell bell = new FakeBell();
    private final List<Object> failed = new ArrayList<>();

    private Worker worker(IdlePolicy idle, LongSupplier clock) {
        return new Worker(idle, bell, clock, counters, (source, _) -> failed.add(source));
    }

    private static void rounds(Worker worker, int count) {
        for (int i = 0; i < count; i++) {
            worker.round();
        }
    }

    @Test
    void aPollerStartsDisarmedAndIsPolledOnceARound() {
        Worker worker = worker(IdlePolicy.SPIN, new FakeClock(1));
        Probe probe = new Probe();
        probe.work = 3;
        worker.add(probe);
        assertThat(probe.disarms).isEqualTo(1);
        assertThat(worker.round()).isEqualTo(3);
        rounds(worker, 9);
        assertThat(probe.polls).isEqualTo(10);
        assertThat(counters.get("polls")).isEqualTo(10);
        assertThat(counters.get("busy_polls")).isEqualTo(10);
        worker.remove(probe);
        worker.round();
        assertThat(probe.polls).isEqualTo(10);
    }

    @Test
    void spinNeverSleepsWhileThereIsAPoller() {
        Worker worker = worker(IdlePolicy.SPIN, new FakeClock(1_000_000));
        Probe probe = new Probe();
        worker.add(probe);
        rounds(worker, 10_000);
        assertThat(bell.awaits).isZero();
        assertThat(probe.arms).isZero();
    }

    @Test
    void aWorkerWithoutPollersSleepsWhateverItsPolicy() {
        rounds(worker(IdlePolicy.SPIN, new FakeClock(1)), 5);
        assertThat(bell.awaits).isEqualTo(5);
    }

    @Test
    void sleepWaitsForTheIdleTimeAndArmsBeforeItAndDisarmsAfterIt() {
        // one look at the clock every 64 rounds: 10 us a block, so 50 us are reached in the fifth
        Worker worker = worker(new IdlePolicy.Sleep(50_000), new FakeClock(10_000));
        Probe probe = new Probe();
        worker.add(probe);
        rounds(worker, 4 * Worker.BLOCK);
        assertThat(probe.arms).isZero();
        rounds(worker, Worker.BLOCK);
        assertThat(probe.arms).isEqualTo(1);
        assertThat(bell.awaits).isEqualTo(1);
        assertThat(probe.armed).isFalse();
        assertThat(counters.get("sleeps")).isEqualTo(1);
        assertThat(counters.get("asleep_ns")).isEqualTo(10_000);
    }

    @Test
    void workThatArrivedBeforeTheLastLookKeepsTheWorkerAwake() {
        Worker worker = worker(new IdlePolicy.Sleep(0), new FakeClock(1));
        Probe first = new Probe();
        Probe second = new Probe();
        second.quiet = false;
        worker.add(first);
        worker.add(second);
        rounds(worker, 10 * Worker.BLOCK);
        assertThat(second.arms).isEqualTo(10);
        assertThat(bell.awaits).isZero();
        assertThat(first.armed).isFalse();
        assertThat(second.armed).isFalse();
    }

    @Test
    void workPutsTheSleepOff() {
        Worker worker = worker(new IdlePolicy.Sleep(50_000), new FakeClock(10_000));
        Probe probe = new Probe();
        worker.add(probe);
        for (int i = 0; i < 20; i++) {
            rounds(worker, 4 * Worker.BLOCK - 1);
            probe.work = 1;
            worker.round();
            probe.work = 0;
        }
        assertThat(bell.awaits).isZero();
    }

    @Test
    void backOffParksOnlyAfterItsSpinsAndPausesAndForgetsThemAfterWork() {
        // a park of 0.9 ms each shows in real time
        Worker worker = worker(new IdlePolicy.Backoff(100, 100, 900_000, 900_000), System::nanoTime);
        Probe probe = new Probe();
        worker.add(probe);
        rounds(worker, 200);
        long start = System.nanoTime();
        rounds(worker, 50);
        assertThat(System.nanoTime() - start).isGreaterThan(30_000_000);
        probe.work = 1;
        worker.round();
        probe.work = 0;
        start = System.nanoTime();
        rounds(worker, 200);
        // 200 parks would take a fifth of a second
        assertThat(System.nanoTime() - start).isLessThan(150_000_000);
        assertThat(probe.arms).isZero();
        assertThat(bell.awaits).isZero();
    }

    @Test
    void parksGrowWithTheSilenceAndLongOnesAreSpentAtTheBell() {
        Worker worker = worker(new IdlePolicy.Backoff(10, 10, 800_000, 5_000_000), System::nanoTime);
        bell.keepsLengths = true;
        Probe probe = new Probe();
        worker.add(probe);
        rounds(worker, 20 + 3);
        // 0.8 ms, 0.9 ms and then more than 1 ms
        assertThat(bell.lengths).containsExactly(1_012_500L);
        rounds(worker, 20);
        assertThat(bell.lengths).isSorted().hasSize(21).endsWith(5_000_000L, 5_000_000L);
        probe.work = 1;
        worker.round();
        probe.work = 0;
        rounds(worker, 20 + 2);
        assertThat(bell.lengths).as("after work all over again").hasSize(21);
        assertThat(probe.arms).as("nobody is asked for kicks").isZero();
    }

    @Test
    void aCommandEndsALongPark() {
        CountDownLatch rung = new CountDownLatch(1);
        Worker[] holder = new Worker[1];
        List<String> happened = new ArrayList<>();
        Bell parking = new Bell() {
            @Override
            public void await(long maxNanos) {
                // somebody else's command, in the middle of the park
                CompletableFuture.runAsync(() -> holder[0].post(() -> happened.add("done")))
                        .join();
                assertThat(rung.getCount()).isZero();
                holder[0].stop();
            }

            @Override
            public void ring() {
                rung.countDown();
            }
        };
        Worker worker = new Worker(
                new IdlePolicy.Backoff(0, 0, 2_000_000, 2_000_000),
                parking,
                System::nanoTime,
                counters,
                (source, cause) -> happened.add("failed"));
        holder[0] = worker;
        worker.add(new Probe());
        worker.run();
        assertThat(happened).containsExactly("done");
    }

    @Test
    void aSleepEndsBeforeWhatIsHeldBackIsDue() {
        Worker worker = worker(new IdlePolicy.Sleep(0), new FakeClock(1));
        Probe probe = new Probe();
        Probe other = new Probe();
        worker.add(other);
        worker.add(probe);
        probe.dueIn = 50_000_000;
        other.dueIn = 900_000_000;
        rounds(worker, Worker.BLOCK);
        assertThat(bell.awaits).isEqualTo(1);
        assertThat(bell.longest).isEqualTo(50_000_000 - Worker.WAKE_NANOS);
        assertThat(probe.arms).isEqualTo(1);
        probe.dueIn = Long.MAX_VALUE;
        other.dueIn = Long.MAX_VALUE;
        rounds(worker, Worker.BLOCK);
        assertThat(bell.longest).isEqualTo(1_000_000_000);
    }

    @Test
    void whatIsDueSoonIsAwaitedAwakeAndWithoutKicks() {
        Worker worker = worker(new IdlePolicy.Sleep(0), new FakeClock(1));
        Probe probe = new Probe();
        worker.add(probe);
        for (long due : new long[] {0, 77_000, Worker.WAKE_NANOS}) {
            probe.dueIn = due;
            rounds(worker, 10 * Worker.BLOCK);
        }
        assertThat(bell.awaits).isZero();
        assertThat(probe.arms).isZero();
    }

    @Test
    void aBackOffDoesNotParkPastWhatIsDue() {
        Worker worker = worker(new IdlePolicy.Backoff(0, 0, 10_000_000, 10_000_000), System::nanoTime);
        Probe probe = new Probe();
        worker.add(probe);
        for (long due : new long[] {0, 77_000, 10_000_000, 10_000_000 + Worker.WAKE_NANOS}) {
            probe.dueIn = due;
            rounds(worker, 50);
        }
        assertThat(bell.awaits).isZero();
        probe.dueIn = 20_000_000;
        rounds(worker, 5);
        assertThat(bell.awaits).isEqualTo(5);
    }

    @Test
    void timeIsSplitIntoBusyAndIdle() {
        FakeClock clock = new FakeClock(6_400);
        Worker worker = worker(IdlePolicy.SPIN, clock);
        Probe probe = new Probe();
        worker.add(probe);
        rounds(worker, Worker.BLOCK);
        assertThat(counters.get("idle_ns")).isEqualTo(6_400);
        probe.work = 1;
        rounds(worker, 32);
        probe.work = 0;
        clock.now += 93_600;
        rounds(worker, 32);
        // 100 us passed, 32 empty rounds of 100 ns each were idle
        assertThat(counters.get("idle_ns")).isEqualTo(6_400 + 3_200);
        assertThat(counters.get("busy_ns")).isEqualTo(96_800);
    }

    @Test
    void aPollerThatThrowsIsTakenOffAndTheOthersGoOn() {
        Worker worker = worker(IdlePolicy.SPIN, new FakeClock(1));
        Probe bad = new Probe();
        Probe torn = new Probe();
        Probe good = new Probe();
        bad.thrown = new IllegalStateException("ours");
        torn.error = new InternalError("a fault occurred in an unsafe memory access operation");
        worker.add(bad);
        worker.add(torn);
        worker.add(good);
        rounds(worker, 10);
        assertThat(bad.polls).isEqualTo(1);
        assertThat(torn.polls).isEqualTo(1);
        assertThat(good.polls).isGreaterThanOrEqualTo(8);
        assertThat(failed).containsExactly(bad, torn);
        assertThat(counters.get("failures")).isEqualTo(2);
    }

    @Test
    void aPollerThatCopesStays() {
        Worker worker = worker(IdlePolicy.SPIN, new FakeClock(1));
        Probe probe = new Probe();
        probe.error = new InternalError("fault");
        probe.copes = true;
        worker.add(probe);
        rounds(worker, 3);
        assertThat(probe.polls).isEqualTo(3);
        assertThat(failed).isEmpty();
        assertThat(counters.get("failures")).isEqualTo(3);
    }

    @Test
    void callRunsOnTheWorkerWaitsAndRethrows() throws InterruptedException {
        Worker worker = new Worker(IdlePolicy.SLEEP, new ParkBell(), System::nanoTime, counters, (_, _) -> {});
        Thread thread = new Thread(worker, "worker");
        thread.start();
        // until run() has begun nobody owns the pollers, and the giver executes its commands
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        List<Thread> seen = new ArrayList<>();
        worker.call(() -> seen.add(Thread.currentThread()));
        assertThat(seen).containsExactly(thread);
        assertThatThrownBy(() -> worker.call(() -> {
                    throw new IllegalArgumentException("no");
                }))
                .isInstanceOf(IllegalArgumentException.class);
        worker.call(() -> worker.call(() -> seen.add(Thread.currentThread())));
        assertThat(seen).containsExactly(thread, thread);
        worker.stop();
        thread.join();
        worker.call(() -> seen.add(Thread.currentThread()));
        assertThat(seen).last().isSameAs(Thread.currentThread());
    }

    @Test
    void aPostedCommandThatThrowsHarmsNobody() throws InterruptedException {
        List<Throwable> causes = new ArrayList<>();
        Worker worker =
                new Worker(IdlePolicy.SPIN, new ParkBell(), System::nanoTime, counters, (_, e) -> causes.add(e));
        Thread thread = new Thread(worker, "worker");
        thread.start();
        worker.post(() -> {
            throw new IllegalStateException("posted");
        });
        worker.call(() -> {});
        worker.stop();
        thread.join();
        assertThat(causes).hasSize(1).first().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void noCommandIsLostToASleepingWorker() throws InterruptedException {
        Worker worker = new Worker(new IdlePolicy.Sleep(0), new ParkBell(), System::nanoTime, counters, (_, _) -> {});
        Thread thread = new Thread(worker, "worker");
        thread.start();
        worker.add(new Probe());
        long start = System.nanoTime();
        for (int i = 0; i < 2_000; i++) {
            worker.call(() -> {});
        }
        // a single lost ring would cost the longest sleep, one second
        assertThat(System.nanoTime() - start).isLessThan(1_000_000_000L);
        worker.stop();
        thread.join();
    }

    @Test
    void commandsLeftAtTheEndAreExecutedOnce() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            Worker worker = new Worker(IdlePolicy.SPIN, new ParkBell(), System::nanoTime, counters, (_, _) -> {});
            Thread thread = new Thread(worker, "worker");
            thread.start();
            worker.stop();
            AtomicBoolean done = new AtomicBoolean();
            worker.call(() -> assertThat(done.getAndSet(true)).isFalse());
            assertThat(done).isTrue();
            thread.join();
        }
    }

    @Test
    void pollingAllocatesNothing() {
        Worker worker = worker(IdlePolicy.SLEEP, new FakeClock(10_000));
        Probe probe = new Probe();
        worker.add(probe);
        assertThat(Allocation.inSteadyState(() -> rounds(worker, 1_000_000))).isZero();
        assertThat(bell.awaits).isPositive();
    }

    @Test
    void policiesHaveNames() {
        assertThat(IdlePolicy.of("spin")).isEqualTo(IdlePolicy.SPIN);
        assertThat(IdlePolicy.of("backoff")).isEqualTo(IdlePolicy.BACKOFF);
        assertThat(IdlePolicy.of("Sleep")).isEqualTo(IdlePolicy.SLEEP);
        assertThatThrownBy(() -> IdlePolicy.of("doze")).isInstanceOf(IllegalArgumentException.class);
    }
}
