package dev.cipu.shim.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.trace.MadeTrace;
import dev.cipu.sim.model.Operation;
import dev.cipu.virtio.blk.BlkRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A made trace as a replay sees it. */
@Timeout(60)
class TapeTest {
    private static final byte[] NOTHING = {};
    private static final long HOUR = 3_600_000_000_000L;

    @TempDir
    private Path folder;

    private Path directory() {
        return folder.resolve("trace");
    }

    private static byte[] range(long sector, int sectors) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(sector)
                .putInt(sectors)
                .putInt(0)
                .array();
    }

    /** Of everything something, and of what is left out as well. */
    private void record() {
        try (MadeTrace trace = new MadeTrace(directory())) {
            trace.frame(1, 1_000, 100, new byte[64]);
            trace.request(0, 2_000, 90_000, BlkRequest.IN, 100, 4096, NOTHING);
            trace.command(2_500);
            trace.request(1, 3_000, 20_000, BlkRequest.OUT, 50, 512, NOTHING);
            trace.request(0, 3_000, 50, BlkRequest.FLUSH, 7777, 0, NOTHING);
            trace.request(0, 3_500, 50, BlkRequest.IN, BlkRequest.IOERR, 1L << 50, 4096, NOTHING);
            trace.request(0, 3_600, 50, BlkRequest.GET_ID, 0, 20, NOTHING);
            trace.request(0, 3_700, 50, BlkRequest.DISCARD, 0, 16, range(1000, 24));
            trace.request(0, 3_800, 50, BlkRequest.IN, 0, 0xffffffffL, NOTHING);
            trace.loss(3_900, 17);
            trace.frame(2, 4_000 + 2 * HOUR, 60, NOTHING);
        }
    }

    private static List<String> items(Tape tape) {
        List<String> items = new ArrayList<>();
        while (tape.next()) {
            items.add(tape.due() + " " + tape.operation() + " "
                    + tape.transaction().device().id() + "/"
                    + tape.transaction().queue() + " " + tape.bytes());
        }
        return items;
    }

    @Test
    void everythingIsThereAtItsTime() {
        record();
        try (Tape tape = Tape.open(directory(), Selection.ALL, Pace.RECORDED)) {
            assertThat(items(tape))
                    .containsExactly(
                            "0 SEND net0/1 100",
                            "1000 READ blk0/0 4096",
                            "2000 WRITE blk0/1 512",
                            "2000 FLUSH blk0/0 0",
                            "2700 DISCARD blk0/0 16",
                            (3_000 + 2 * HOUR) + " RECEIVE net0/2 60");
            assertThat(tape.leftOut())
                    .containsEntry(LeftOut.COMMAND, 1L)
                    .containsEntry(LeftOut.FAILED, 1L)
                    .containsEntry(LeftOut.OTHER, 1L)
                    .containsEntry(LeftOut.TOO_LONG, 1L)
                    .hasSize(4);
        }
    }

    @Test
    void timesAreScaledAndSilencesShortened() {
        record();
        try (Tape tape = Tape.open(
                directory(),
                new Selection(List.of("net0"), List.of()),
                Pace.at(0.5).withLongestGap(1_000_000))) {
            assertThat(items(tape)).containsExactly("0 SEND net0/1 100", "2000000 RECEIVE net0/2 60");
        }
        try (Tape tape = Tape.open(directory(), new Selection(List.of(), List.of(1)), Pace.RECORDED)) {
            assertThat(items(tape)).containsExactly("0 SEND net0/1 100", "2000 WRITE blk0/1 512");
        }
    }

    @Test
    void aDeviceThatIsNotThereIsTold() {
        record();
        assertThatThrownBy(() -> Tape.open(directory(), new Selection(List.of("blk9"), List.of()), Pace.RECORDED))
                .isInstanceOf(ReplayException.class)
                .hasMessage("the trace has no device 'blk9'; it has net0, blk0");
    }

    @Test
    void contentsAreCountedBeforeAnythingIsDone() {
        record();
        Contents contents = Contents.of(directory(), Selection.ALL, Pace.RECORDED);
        assertThat(contents.count()).isEqualTo(6);
        assertThat(contents.lost()).isEqualTo(17);
        assertThat(contents.late()).isZero();
        assertThat(contents.longestGap()).isEqualTo(2 * HOUR + 300);
        assertThat(contents.ended()).isTrue();
        assertThat(contents.queues())
                .extracting(each -> each.device().id() + "/" + each.index() + " to " + each.sectorEnd())
                .containsExactly("net0/1 to 0", "net0/2 to 0", "blk0/0 to 1024", "blk0/1 to 51");
        Contents.Kind reads = Objects.requireNonNull(contents.kind(Operation.READ));
        assertThat(reads.recorded().p50()).isBetween(89_900.0, 90_100.0);
        assertThat(reads.bytes()).isEqualTo(4096);
    }

    @Test
    void whatIsCountedOfAQueueIsOfAllThatPassedIt() {
        byte[] ranges =
                ByteBuffer.allocate(32).put(range(0, 8)).put(range(5000, 8)).array();
        try (MadeTrace trace = new MadeTrace(directory())) {
            trace.frame(1, 1, 1500, NOTHING);
            trace.frame(1, 2, 60, NOTHING);
            trace.request(0, 3, 1, BlkRequest.IN, 100, 600, NOTHING);
            trace.loss(4, 3);
            trace.loss(5, 4);
            trace.request(1, 6, 1, BlkRequest.DISCARD, 0, 32, ranges);
            trace.request(2, 7, 1, BlkRequest.IN, 0, 16 << 20, NOTHING);
            trace.request(2, 8, 1, BlkRequest.IN, 0, (16 << 20) + 1, NOTHING);
        }
        Contents contents = Contents.of(directory(), Selection.ALL, Pace.RECORDED);
        assertThat(contents.lost()).isEqualTo(7);
        assertThat(contents.leftOut()).containsExactly(Map.entry(LeftOut.TOO_LONG, 1L));
        assertThat(contents.queues())
                .extracting(each -> each.index() + ": " + each.longest() + " to " + each.sectorEnd())
                .containsExactly("1: 1500 to 0", "0: 600 to 102", "1: 32 to 5008", "2: 16777216 to 32768");
    }

    /** A file that nobody's card wrote: times from end to end of what a number holds, sectors beyond it. */
    @Test
    void timesWithoutSenseAreNumbersAllTheSame() {
        try (MadeTrace trace = new MadeTrace(directory())) {
            trace.frame(1, Long.MIN_VALUE + 5, 60, NOTHING);
            trace.frame(1, Long.MAX_VALUE - 1000, 60, NOTHING);
            trace.frame(1, -7, 60, NOTHING);
            trace.request(0, 4, 1, BlkRequest.IN, Long.MAX_VALUE, 512, NOTHING);
            trace.request(0, 5, -1, BlkRequest.DISCARD, 0, 16, range(-1, -1));
        }
        Contents contents = Contents.of(directory(), Selection.ALL, Pace.RECORDED);
        assertThat(contents.count()).isEqualTo(5);
        assertThat(contents.nanos()).isNotNegative();
        assertThat(contents.longestGap()).isNotNegative();
        assertThat(contents.queues().getLast().sectorEnd()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aTraceWithNothingToReplayIsTold() {
        try (MadeTrace trace = new MadeTrace(directory())) {
            trace.command(5);
        }
        Contents contents = Contents.of(directory(), Selection.ALL, Pace.RECORDED);
        assertThatThrownBy(contents::checkNotEmpty)
                .isInstanceOf(ReplayException.class)
                .hasMessageEndingWith("has nothing to be replayed but what is left out: 1 commands of control queues");
    }

    @Test
    void pacesThatCannotBeAreTold() {
        for (double speed : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> Pace.at(speed)).isInstanceOf(ReplayException.class);
        }
    }
}
