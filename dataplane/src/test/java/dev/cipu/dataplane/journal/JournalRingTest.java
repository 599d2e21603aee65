package dev.cipu.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.Allocation;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.Seed;
import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class JournalRingTest {
    private static final int PIECE = 1 << 16;

    private final Arena arena = Arena.ofShared();
    private final JournalRing ring = JournalRing.in(arena, JournalRing.LEAST_BYTES);
    private final RingDrain drain = ring.drain();
    private final CounterGroup counters = CounterGroup.unlisted(QueueJournal.COUNTERS);
    private final QueueJournal journal = new QueueJournal(ring, counters, 1, 2);

    @AfterEach
    void free() {
        arena.close();
    }

    /** A record that carries its number, and in each captured byte the lowest part of it. */
    private boolean write(long number, int captured) {
        long at = journal.begin(RecordLayout.TRANSMIT, 0, number, number, captured);
        if (at == 0) {
            return false;
        }
        QueueJournal.chain(at, 0, 0, 0, 0);
        QueueJournal.content(at, number, 0, captured);
        for (int i = 0; i < captured; i++) {
            HostMemory.ALL.set(ValueLayout.JAVA_BYTE, at + RecordLayout.HEADER_BYTES + i, (byte) number);
        }
        return true;
    }

    /** Takes one piece out; each record's number, or minus the count of a loss. */
    private List<Long> readPiece() {
        List<Long> numbers = new ArrayList<>();
        drain.look();
        if (!drain.next(PIECE)) {
            return numbers;
        }
        long at = drain.address();
        long end = at + drain.bytes();
        while (at < end) {
            boolean loss = RecordLayout.kind(HostMemory.ALL, at) == RecordLayout.LOSS;
            long number = RecordLayout.subject(HostMemory.ALL, at);
            for (int i = 0; i < RecordLayout.captured(HostMemory.ALL, at); i++) {
                if (HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at + RecordLayout.HEADER_BYTES + i) != (byte) number) {
                    throw new AssertionError("byte " + i + " of record " + number);
                }
            }
            numbers.add(loss ? -number : number);
            at += RecordLayout.bytes(HostMemory.ALL, at);
        }
        assertThat(numbers).hasSize(drain.count());
        drain.release();
        return numbers;
    }

    private List<Long> readAll() {
        List<Long> numbers = new ArrayList<>();
        List<Long> piece = readPiece();
        while (!piece.isEmpty()) {
            numbers.addAll(piece);
            piece = readPiece();
        }
        return numbers;
    }

    @Test
    void nothingIsSeenBeforeItIsReleased() {
        write(1, 0);
        assertThat(readAll()).isEmpty();
        journal.release();
        assertThat(readAll()).containsExactly(1L);
        assertThat(readAll()).isEmpty();
        assertThat(counters.get("records")).isEqualTo(1);
        assertThat(counters.get("bytes")).isEqualTo(RecordLayout.HEADER_BYTES);
    }

    /** Sizes that do not divide the ring's, so that its end is met at every distance. */
    @Test
    void recordsOfAllSizesPassTheEndOfTheRingWhole() {
        long seed = Seed.get();
        Random random = new Random(seed);
        long next = 1;
        long expected = 1;
        for (int round = 0; round < 3_000; round++) {
            int burst = random.nextInt(40);
            for (int i = 0; i < burst; i++) {
                int captured =
                        random.nextInt(20) == 0 ? random.nextInt(RecordLayout.MAX_CAPTURED) : random.nextInt(200);
                if (write(next, captured)) {
                    next++;
                } else {
                    break;
                }
            }
            journal.release();
            for (long number : readAll()) {
                if (number > 0) {
                    assertThat(number).as(Seed.text(seed)).isEqualTo(expected++);
                }
            }
        }
        assertThat(expected).as(Seed.text(seed)).isEqualTo(next).isGreaterThan(10_000);
    }

    @Test
    void aFullRingLosesAndTellsHowMany() {
        long written = 0;
        while (write(written + 1, 64)) {
            written++;
        }
        assertThat(written).isEqualTo(JournalRing.LEAST_BYTES / 128);
        for (int i = 0; i < 9; i++) {
            assertThat(write(1_000_000 + i, 0)).isFalse();
        }
        journal.release();
        assertThat(journal.untold()).isEqualTo(10);
        assertThat(counters.get("lost")).isEqualTo(10);

        assertThat(readPiece()).first().isEqualTo(1L);
        assertThat(write(2_000_000, 0)).isTrue();
        journal.release();
        assertThat(journal.untold()).isZero();
        List<Long> rest = readAll();
        assertThat(rest.subList(rest.size() - 2, rest.size())).containsExactly(-10L, 2_000_000L);
        assertThat(counters.get("records")).isEqualTo(written + 2);
    }

    /** A loss is told with its times, and one that cannot be told yet is kept. */
    @Test
    void aRestingQueueTellsItsLosses() {
        while (write(5, 64)) {
            // until it is full
        }
        journal.rest();
        assertThat(journal.untold()).isEqualTo(1);
        assertThat(journal.untoldFrom()).isEqualTo(5);
        assertThat(journal.untoldTo()).isEqualTo(5);
        readAll();
        journal.rest();
        drain.look();
        assertThat(drain.next(PIECE)).isTrue();
        long at = drain.address();
        assertThat(RecordLayout.kind(HostMemory.ALL, at)).isEqualTo(RecordLayout.LOSS);
        assertThat(RecordLayout.taken(HostMemory.ALL, at)).isEqualTo(5);
        assertThat(RecordLayout.completed(HostMemory.ALL, at)).isEqualTo(5);
        assertThat(RecordLayout.device(HostMemory.ALL, at)).isEqualTo(1);
        assertThat(RecordLayout.queue(HostMemory.ALL, at)).isEqualTo(2);
        drain.release();
        assertThat(journal.untold()).isZero();
    }

    @Test
    void recordingAllocatesNothing() {
        long bytes = Allocation.inSteadyState(() -> {
            for (int i = 0; i < 2_000; i++) {
                write(i, 64);
                if (i % 32 == 0) {
                    journal.release();
                    drain.look();
                    while (drain.next(PIECE)) {
                        drain.release();
                    }
                }
            }
        });
        assertThat(bytes).isZero();
    }

    /** Two threads, a ring much smaller than what passes: nothing is torn, reordered or lost without being counted. */
    @Test
    @Timeout(60)
    void twoThreadsAgree() throws InterruptedException {
        int count = 2_000_000;
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread writer = new Thread(() -> {
            for (long i = 1; i <= count; i++) {
                write(i, (int) (i & 31));
                if ((i & 15) == 0) {
                    journal.release();
                }
            }
            journal.rest();
        });
        writer.setUncaughtExceptionHandler((_, e) -> thrown.set(e));
        writer.start();
        long expected = 1;
        while (writer.isAlive() || expected <= count - journal.untold()) {
            for (long number : readPiece()) {
                if (number < 0) {
                    expected -= number;
                } else {
                    assertThat(number).isEqualTo(expected++);
                }
            }
            if (thrown.get() != null) {
                break;
            }
        }
        writer.join();
        assertThat(thrown.get()).isNull();
        assertThat(expected + journal.untold()).isEqualTo(count + 1);
    }

    @Test
    void aRingHasAPowerOfTwo() {
        assertThatThrownBy(() -> JournalRing.in(arena, JournalRing.LEAST_BYTES + 8))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> JournalRing.in(arena, JournalRing.LEAST_BYTES / 2))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
