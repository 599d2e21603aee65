package dev.cipu.sim.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.blk.BlockOp;
import dev.cipu.dataplane.blk.MemoryStore;
import dev.cipu.dataplane.blk.NullStore;
import dev.cipu.virtio.blk.BlkRequest;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PacedStoreTest {
    private static final long LATENCY = 77_000;

    private final FakeClock clock = new FakeClock();

    private static RequestTiming fixed(long nanos) {
        return (now, _, _) -> now + nanos;
    }

    @Test
    void aRequestIsAnsweredWhenItIsDueAndNotANanosecondEarlier() {
        DiskGuest guest = new DiskGuest(new MemoryStore(1 << 20), fixed(LATENCY), clock);
        int token = guest.read(0);
        assertThat(guest.turn()).isEmpty();
        assertThat(guest.turnAfter(LATENCY - 1)).isEmpty();
        assertThat(guest.turnAfter(1)).containsExactly(token);
        assertThat(guest.driver.status()).isEqualTo(BlkRequest.OK);
        assertThat(guest.counters.get("paced")).isEqualTo(1);
        assertThat(guest.counters.get("asked_ns")).isEqualTo(LATENCY);
        assertThat(guest.counters.get("error_max_ns")).isZero();
    }

    @Test
    void whatIsDueFirstIsAnsweredFirstWhateverCameFirst() {
        long seed = Seed.get();
        Random random = new Random(seed);
        Map<Integer, Long> asked = new HashMap<>();
        long[] next = {0};
        DiskGuest guest = new DiskGuest(new NullStore(1 << 30), (now, _, _) -> now + next[0], clock);
        for (int round = 0; round < 20_000; round++) {
            next[0] = random.nextInt(2_000);
            int token = random.nextInt(3) == 0 ? -1 : guest.read(random.nextInt(100));
            if (token >= 0) {
                asked.put(token, clock.now + next[0]);
            }
            List<Integer> answered = guest.turnAfter(0);
            check(answered, asked, seed);
            clock.pass(random.nextInt(100));
            checkAll(guest, asked, seed);
            long now = clock.now;
            assertThat(asked.values()).as(Seed.text(seed)).allMatch(due -> due - now > 0);
        }
        clock.pass(2_000);
        checkAll(guest, asked, seed);
        assertThat(asked).as(Seed.text(seed)).isEmpty();
    }

    /** As many turns as it takes: each answers a few. */
    private void checkAll(DiskGuest guest, Map<Integer, Long> asked, long seed) {
        List<Integer> answered = guest.turn();
        while (!answered.isEmpty()) {
            check(answered, asked, seed);
            answered = guest.turn();
        }
    }

    private void check(List<Integer> answered, Map<Integer, Long> asked, long seed) {
        List<Long> order = new ArrayList<>();
        for (int token : answered) {
            Long due = asked.remove(token);
            assertThat(due).as("answered once, " + Seed.text(seed)).isNotNull();
            order.add(due - clock.now);
        }
        assertThat(order).as(Seed.text(seed)).isSorted().allMatch(late -> late <= 0);
    }

    @Test
    void theStoreWorksAtOnceAndTheModelHearsWhatItWorksOn() {
        List<String> heard = new ArrayList<>();
        DiskGuest guest = new DiskGuest(
                new MemoryStore(1 << 20),
                (now, op, bytes) -> {
                    heard.add(op + " " + bytes);
                    return now + LATENCY;
                },
                clock);
        guest.memory.set(ValueLayout.JAVA_BYTE, guest.offset(guest.data), (byte) 42);
        guest.submit(BlkRequest.OUT, 0, 4096);
        guest.turn();
        guest.memory.set(ValueLayout.JAVA_BYTE, guest.offset(guest.data), (byte) 0);
        guest.read(0);
        guest.turn();
        // written and read before anybody was told
        assertThat(guest.memory.get(ValueLayout.JAVA_BYTE, guest.offset(guest.data)))
                .isEqualTo((byte) 42);
        guest.submit(BlkRequest.FLUSH, 0, 0);
        assertThat(guest.turnAfter(LATENCY)).hasSize(2);
        assertThat(heard).containsExactly(BlockOp.WRITE + " 4096", BlockOp.READ + " 4096", BlockOp.FLUSH + " 0");
    }

    @Test
    void whatTheCardAnswersItselfIsNotHeldBack() {
        DiskGuest guest = new DiskGuest(new MemoryStore(1 << 20), fixed(LATENCY), clock);
        int beyond = guest.read(1 << 20);
        assertThat(guest.turn()).containsExactly(beyond);
        assertThat(guest.driver.status()).isEqualTo(BlkRequest.IOERR);
        assertThat(guest.counters.get("paced")).isZero();
    }

    @Test
    void aStoreThatTakesLongerIsNotHeldBackAndCounted() {
        SlowStore store = new SlowStore();
        DiskGuest guest = new DiskGuest(store, fixed(LATENCY), clock);
        int quick = guest.read(0);
        int slow = guest.read(8);
        guest.turn();
        // the last one first: that is the slow one, in time
        store.finish(1);
        assertThat(guest.turnAfter(LATENCY / 2)).isEmpty();
        assertThat(guest.turnAfter(LATENCY / 2)).containsExactly(slow);
        assertThat(guest.counters.get("overdue")).isZero();
        store.finish(1);
        assertThat(guest.turnAfter(1_000)).containsExactly(quick);
        assertThat(guest.counters.get("overdue")).isEqualTo(1);
        assertThat(guest.counters.get("error_max_ns")).isEqualTo(1_000);
    }

    @Test
    void aWorkerMayRestWhileTasksAreHeldAndKnowsForHowLong() {
        SlowStore store = new SlowStore();
        DiskGuest guest = new DiskGuest(store, fixed(LATENCY), clock);
        assertThat(guest.queue.dueIn()).isEqualTo(Long.MAX_VALUE);
        guest.read(0);
        guest.turn();
        assertThat(guest.queue.arm()).as("while the store works").isFalse();
        store.finish(1);
        guest.turnAfter(1_000);
        assertThat(guest.queue.arm()).as("while it is held").isTrue();
        guest.queue.disarm();
        assertThat(guest.queue.dueIn()).isEqualTo(LATENCY - 1_000);
        clock.pass(2 * LATENCY);
        assertThat(guest.queue.dueIn()).isZero();
        guest.turn();
        assertThat(guest.queue.dueIn()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aQueueThatEndsAnswersAllAtOnceAndThenLeavesTheMemoryAlone() {
        DiskGuest guest = new DiskGuest(new MemoryStore(1 << 20), fixed(3_600_000_000_000L), clock);
        for (int i = 0; i < 20; i++) {
            guest.read(i);
        }
        assertThat(guest.turn()).isEmpty();
        guest.turn();
        assertThat(guest.queue.inFlight()).isEqualTo(20);
        assertThat(guest.queue.dueIn()).isEqualTo(3_600_000_000_000L);
        assertThat(guest.queue.drained()).isTrue();
        assertThat(guest.answers()).hasSize(20).doesNotHaveDuplicates();
        assertThat(guest.counters.get("cut_short")).isEqualTo(20);
        assertThat(guest.counters.get("error_ns")).isZero();
        assertThat(guest.queue.inFlight()).isZero();
        byte[] before = guest.memory.toArray(ValueLayout.JAVA_BYTE);
        clock.pass(2 * 3_600_000_000_000L);
        guest.queue.close();
        assertThat(guest.memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    }

    /** There are as many logs as channels at a time. */
    @Test
    void aChannelThatEndsGivesItsLogBack() {
        PaceLog log = new PaceLog(CounterGroup.unlisted(PaceLog.COUNTERS));
        PacedStore store = new PacedStore(new MemoryStore(1 << 20), () -> fixed(LATENCY), clock, List.of(log));
        for (int i = 0; i < 3; i++) {
            store.channel(1).close();
        }
        assertThat(store.channel(1).inFlight()).isZero();
        assertThatThrownBy(() -> store.channel(1)).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void aQueueThatEndsWaitsForWhatTheStoreHasAndNoLonger() {
        SlowStore store = new SlowStore();
        DiskGuest guest = new DiskGuest(store, fixed(LATENCY), clock);
        int token = guest.read(0);
        guest.turn();
        assertThat(guest.queue.drained()).isFalse();
        assertThat(store.hurried).isPositive();
        store.finish(1);
        assertThat(guest.queue.drained()).isTrue();
        assertThat(guest.answers()).containsExactly(token);
        guest.queue.resume();
        guest.read(0);
        guest.turn();
        store.finish(1);
        assertThat(guest.turn()).as("held back again").isEmpty();
        assertThat(guest.turnAfter(LATENCY)).hasSize(1);
        guest.queue.close();
        assertThat(store.closed).isTrue();
    }

    @Test
    void aGuestThatAsksForAllItCanIsBoundedAndLosesNothing() {
        DiskGuest guest = new DiskGuest(new NullStore(1 << 30), fixed(LATENCY), clock);
        int sent = 0;
        int answered = 0;
        for (int round = 0; round < 10_000; round++) {
            while (guest.read(0) >= 0) {
                sent++;
            }
            answered += guest.turnAfter(1_000).size();
            assertThat(guest.queue.inFlight()).isLessThanOrEqualTo(DiskGuest.SIZE);
        }
        assertThat(answered).isGreaterThan(2_000);
        while (!guest.queue.drained()) {
            guest.turn();
        }
        answered += guest.answers().size();
        assertThat(sent - answered).as("made available and not popped").isLessThanOrEqualTo(DiskGuest.SIZE);
        assertThat((long) answered).isEqualTo(guest.counters.get("paced"));
    }

    @Test
    void nothingIsAllocatedPerRequest() {
        DiskGuest guest = new DiskGuest(
                new MemoryStore(1 << 20),
                TestCards.timing(TestCards.FULL, clock).disk("d").get(),
                clock);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = 1;
        for (int attempt = 0; attempt < 30 && bytes > 0; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100_000; i++) {
                guest.driver.submit(BlkRequest.IN, i & 15, guest.data, 4096);
                guest.driver.publish();
                guest.queue.poll();
                clock.pass(10_000);
                while (guest.driver.poll() >= 0) {
                    // take everything back
                }
            }
            bytes = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(bytes).isZero();
        assertThat(guest.counters.get("error_p99_ns")).isBetween(1L, 10_700L);
    }
}
