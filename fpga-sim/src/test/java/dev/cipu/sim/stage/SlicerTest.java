package dev.cipu.sim.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.sim.event.Timeline;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlicerTest {
    /** A byte takes a nanosecond. */
    private static final double RATE = 8e9;

    private static final long NANO = 1_000;

    private final Timeline timeline = new Timeline();
    private final List<Long> arrivals = new ArrayList<>();
    private final List<Long> returns = new ArrayList<>();

    private void enter(Slicer slicer, int bytes) {
        slicer.enter(bytes, (_, time) -> arrivals.add(time / NANO), 0);
    }

    private void comeBack(Slicer slicer, int bytes) {
        slicer.leave(
                bytes,
                timeline.now(),
                _ -> {
                    returns.add(timeline.now() / NANO);
                    slicer.joined(bytes);
                },
                0);
    }

    private void settle() {
        while (timeline.waiting() > 0) {
            timeline.step();
        }
    }

    @Test
    void onlyHeadersGoToTheCoresOneBehindTheOther() {
        Slicer slicer = new Slicer(timeline, 256, RATE, 1 << 20);
        enter(slicer, 8_500);
        enter(slicer, 1_500);
        enter(slicer, 60);
        assertThat(arrivals).containsExactly(256L, 512L, 572L);
        assertThat(slicer.crossed()).isEqualTo(256 + 256 + 60);
        assertThat(slicer.held()).isEqualTo(8_500 - 256 + 1_500 - 256);
        comeBack(slicer, 8_500);
        comeBack(slicer, 60);
        settle();
        assertThat(returns).containsExactly(256L, 316L);
        assertThat(slicer.held()).isEqualTo(1_500 - 256);
    }

    @Test
    void withoutSlicingPacketsGoWholeAndNothingWaits() {
        Slicer slicer = new Slicer(timeline, 0, RATE, 0);
        enter(slicer, 8_500);
        enter(slicer, 1_500);
        assertThat(arrivals).containsExactly(8_500L, 10_000L);
        assertThat(slicer.held()).isZero();
        assertThat(slicer.taken()).isZero();
    }

    @Test
    void whoFindsNoRoomWaitsUntilAPacketIsWholeAgain() {
        Slicer slicer = new Slicer(timeline, 100, RATE, 1_000);
        enter(slicer, 600);
        enter(slicer, 600);
        // small enough, but not before the one that waits
        enter(slicer, 700);
        enter(slicer, 60);
        assertThat(arrivals).containsExactly(100L, 200L);
        timeline.runUntil(1_000 * NANO);
        comeBack(slicer, 600);
        settle();
        assertThat(returns).containsExactly(1_100L);
        // 500 are still taken and 600 would be more than all
        assertThat(arrivals).hasSize(2);
        comeBack(slicer, 600);
        settle();
        assertThat(arrivals).containsExactly(100L, 200L, 1_300L, 1_360L);
        assertThat(slicer.held()).isEqualTo(600);
        // all of it for 1.1 us, half of it for 0.1
        assertThat(slicer.taken()).isEqualTo(1_150 * NANO);
    }

    @Test
    void whatIsLargerThanTheBufferGoesAlone() {
        Slicer slicer = new Slicer(timeline, 100, RATE, 1_000);
        enter(slicer, 60_000);
        enter(slicer, 200);
        assertThat(arrivals).containsExactly(100L);
        comeBack(slicer, 60_000);
        settle();
        assertThat(arrivals).containsExactly(100L, 200L);
    }

    @Test
    void aWayThatCannotBeIsRefused() {
        assertThatThrownBy(() -> new Slicer(timeline, 256, RATE, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Slicer(timeline, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
