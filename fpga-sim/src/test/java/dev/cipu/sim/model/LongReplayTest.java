package dev.cipu.sim.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.RecordedQueue.Use;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recordings are long: a replay makes nothing for each transaction. */
class LongReplayTest {
    private static final int FLOWS = 1 << 16;
    private static final List<RecordedQueue> QUEUES = List.of(
            new RecordedQueue(Use.RECEIVE, 1514),
            new RecordedQueue(Use.TRANSMIT, 1514),
            new RecordedQueue(Use.REQUESTS, 4096));

    /** Millions of transactions that lie nowhere; notes what its thread has allocated by the quarters. */
    private static final class Endless implements Recording {
        private static final int COUNT = 1_200_000;
        private static final long APART = Picos.MICRO;

        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final long[] allocated = new long[5];
        private int at = -1;

        @Override
        public boolean next() {
            at++;
            if (at % (COUNT / 4) == 0) {
                allocated[at / (COUNT / 4)] = threads.getCurrentThreadAllocatedBytes();
            }
            return at < COUNT;
        }

        @Override
        public long time() {
            return APART * at;
        }

        @Override
        public int queue() {
            return at % 3;
        }

        @Override
        public Operation operation() {
            return switch (at % 6) {
                case 0, 3 -> Operation.RECEIVE;
                case 1, 4 -> Operation.SEND;
                case 2 -> Operation.READ;
                default -> Operation.WRITE;
            };
        }

        @Override
        public int bytes() {
            return 60 + at * 31 % 1400;
        }

        @Override
        public int flow() {
            return at % FLOWS;
        }
    }

    @ParameterizedTest(name = "as fast as possible: {0}")
    @ValueSource(booleans = {false, true})
    void memoryIsFlatOverMillionsOfTransactions(boolean unpaced) {
        Endless recording = new Endless();
        ReplayResult result;
        try (Replay replay = new Replay(
                Timings.card(),
                QUEUES,
                recording,
                new DriverHabits(RingFormat.SPLIT, 256, 16, true, false),
                unpaced,
                1)) {
            result = replay.run();
        }
        assertThat(result.operations().stream()
                        .mapToLong(each -> each.count() + each.dropped())
                        .sum())
                .isEqualTo(Endless.COUNT);
        // a single object for each would be nine megabytes
        assertThat(recording.allocated[4] - recording.allocated[2]).isBetween(0L, 16L * 1024);
    }
}
