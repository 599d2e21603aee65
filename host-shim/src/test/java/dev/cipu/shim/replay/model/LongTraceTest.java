package dev.cipu.shim.replay.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.Selection;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.trace.MadeTrace;
import dev.cipu.sim.model.CardTiming;
import dev.cipu.sim.model.DriverHabits;
import dev.cipu.sim.model.Replay;
import dev.cipu.sim.model.ReplayResult;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.ring.RingFormat;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces are long: what reads them, and what has them read for the model, makes nothing for each transaction. */
class LongTraceTest {
    private static final byte[] NOTHING = {};
    private static final int FEW = 50_000;
    private static final int MANY = 250_000;

    /** An object for each would be 16 at least; what Chronicle makes for each document, of thousands of records, is far less. */
    private static final double MOST_BYTES_EACH = 1;

    @TempDir
    private Path folder;

    @BeforeEach
    void record() {
        made("few", FEW);
        made("many", MANY);
    }

    private void made(String name, int count) {
        try (MadeTrace made = new MadeTrace(folder.resolve(name), new Capture(Capture.Payload.NONE, 64))) {
            for (int i = 0; i < count; i++) {
                long time = 4_000L * i;
                switch (i % 4) {
                    case 0 -> made.frame(1, time, 1000, NOTHING);
                    case 1 -> made.frame(0, time, 60, NOTHING);
                    case 2 -> made.request(0, time, 33_000, BlkRequest.IN, i, 4096, NOTHING);
                    // failed when it was recorded, so that it is left out
                    default -> made.request(1, time, 10, BlkRequest.IN, BlkRequest.IOERR, i, 512, NOTHING);
                }
            }
        }
    }

    private static long allocated(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private Contents contents(String name) {
        return Contents.of(folder.resolve(name), Selection.ALL, Pace.RECORDED);
    }

    @Test
    void countingMakesNothingForEach() {
        long few = allocated(() -> assertThat(contents("few").count()).isEqualTo(FEW * 3 / 4));
        long many = allocated(() -> assertThat(contents("many").count()).isEqualTo(MANY * 3 / 4));
        assertThat((many - few) / (double) (MANY - FEW)).isLessThan(MOST_BYTES_EACH);
    }

    @Test
    void aReplayIntoTheModelMakesNothingForEach() {
        long few = allocated(() -> replay("few", FEW));
        long many = allocated(() -> replay("many", MANY));
        assertThat((many - few) / (double) (MANY - FEW)).isLessThan(MOST_BYTES_EACH);
    }

    private void replay(String name, int count) {
        Contents contents = contents(name);
        try (Tape tape = Tape.open(folder.resolve(name), Selection.ALL, Pace.RECORDED);
                Replay replay = new Replay(
                        CardTiming.of(CardProfiles.named("cipu-1"), CardProfiles.assumed()),
                        TapeRecording.queues(contents),
                        new TapeRecording(tape, contents),
                        new DriverHabits(RingFormat.SPLIT, 256, 16, true, false),
                        false,
                        1)) {
            ReplayResult result = replay.run();
            assertThat(result.operations().stream()
                            .mapToLong(ReplayResult.Done::count)
                            .sum())
                    .isEqualTo(count * 3L / 4);
        }
    }
}
