package dev.cipu.sim.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimelineTest {
    private final Timeline timeline = new Timeline();
    private final List<Long> fired = new ArrayList<>();
    private final Actor note = fired::add;

    /**
     * Against a list that is sorted; ties by who came first. More events than the first arrays hold; all of them in a bucket, around the
     * wheel, or mostly beyond it.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 40_000, 5_000_000_000L})
    void eventsHappenInTheOrderOfTimeThenOfArrival(long unit) {
        Random random = new Random(1);
        List<long[]> expected = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            long time = random.nextInt(500) * unit;
            expected.add(new long[] {time, i});
            timeline.at(time, note, i);
        }
        expected.sort(Comparator.comparingLong(each -> each[0]));
        assertThat(timeline.waiting()).isEqualTo(5000);
        while (timeline.waiting() > 0) {
            timeline.step();
            assertThat(timeline.now()).isEqualTo(expected.get(fired.size() - 1)[0]);
        }
        assertThat(fired).isEqualTo(expected.stream().map(each -> each[1]).toList());
        assertThat(timeline.fired()).isEqualTo(5000);
    }

    /** Events that make events, as a model does: the order is that of a queue kept sorted. */
    @ParameterizedTest
    @ValueSource(longs = {1, 100, 1_000_000, 5_000_000_000L})
    void eventsMayMakeEvents(long unit) {
        Random random = new Random(2);
        List<long[]> queue = new ArrayList<>();
        long[] made = {0};
        Actor maker = new Actor() {
            @Override
            public void fire(long argument) {
                long[] first = queue.removeFirst();
                assertThat(argument).isEqualTo(first[1]);
                assertThat(timeline.now()).isEqualTo(first[0]);
                for (int n = random.nextInt(3); n > 0 && made[0] < 20_000; n--) {
                    plan(this, random.nextInt(50) * unit);
                }
            }

            private void plan(Actor actor, long delay) {
                long[] event = {timeline.now() + delay, made[0]++};
                int at = 0;
                while (at < queue.size() && queue.get(at)[0] <= event[0]) {
                    at++;
                }
                queue.add(at, event);
                timeline.after(delay, actor, event[1]);
            }
        };
        for (int i = 0; i < 500; i++) {
            queue.add(new long[] {0, made[0]});
            timeline.at(0, maker, made[0]++);
        }
        while (timeline.waiting() > 0) {
            timeline.step();
        }
        assertThat(queue).isEmpty();
        assertThat(timeline.fired()).isEqualTo(made[0]).isGreaterThan(500);
    }

    @Test
    void timeStopsWhereItShould() {
        timeline.at(10, note, 1);
        timeline.at(11, note, 2);
        assertThat(timeline.runUntil(10)).isTrue();
        assertThat(fired).containsExactly(1L);
        assertThat(timeline.now()).isEqualTo(10);
        assertThat(timeline.runUntil(50)).isFalse();
        assertThat(fired).containsExactly(1L, 2L);
        assertThat(timeline.now()).isEqualTo(50);
    }

    @Test
    void thePastIsOver() {
        timeline.runUntil(5);
        assertThatThrownBy(() -> timeline.at(4, note, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4 ps");
        timeline.at(5, note, 0);
        timeline.step();
        assertThat(fired).hasSize(1);
        assertThatThrownBy(timeline::step).isInstanceOf(IllegalStateException.class);
    }

    /** Lanes change where an event waits and nothing of the order, however many events wait in them. */
    @ParameterizedTest
    @ValueSource(longs = {1, 1_000, 30_000, 1_000_000_000L})
    void lanesChangeNothingOfTheOrder(long unit) {
        Timeline plain = new Timeline();
        List<Long> expected = new ArrayList<>();
        Actor expect = expected::add;
        Timeline.Lane[] lanes = {timeline.lane(), timeline.lane(), timeline.lane()};
        long[] last = new long[lanes.length];
        Random random = new Random(9);
        for (int i = 0; i < 20_000; i++) {
            int which = random.nextInt(lanes.length + 1);
            if (which < lanes.length) {
                last[which] = Math.max(last[which], timeline.now()) + random.nextInt(4) * unit;
                lanes[which].at(last[which], note, i);
                plain.at(last[which], expect, i);
            } else {
                long time = timeline.now() + random.nextInt(3000) * unit;
                timeline.at(time, note, i);
                plain.at(time, expect, i);
            }
            // long lines and short ones
            boolean filling = (i / 1000) % 2 == 0;
            while (timeline.waiting() > 0 && random.nextInt(100) < (filling ? 10 : 52)) {
                timeline.step();
                plain.step();
            }
            assertThat(timeline.now()).isEqualTo(plain.now());
            assertThat(timeline.waiting()).isEqualTo(plain.waiting());
        }
        while (timeline.waiting() > 0) {
            timeline.step();
            plain.step();
        }
        assertThat(fired).isEqualTo(expected).hasSize(20_000);
    }

    /** Time may stop anywhere, between near events and far ones; what is put in afterwards comes where it belongs. */
    @Test
    void afterAPauseTheOrderIsTheSame() {
        Random random = new Random(3);
        List<long[]> expected = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            long time = timeline.now() + (1L << random.nextInt(36));
            timeline.at(time, note, i);
            expected.add(new long[] {time, i});
            timeline.runUntil(timeline.now() + (1L << random.nextInt(30)));
        }
        timeline.runUntil(Long.MAX_VALUE);
        expected.sort(Comparator.comparingLong(each -> each[0]));
        assertThat(fired).isEqualTo(expected.stream().map(each -> each[1]).toList());
    }

    @Test
    void timeHasAnEnd() {
        timeline.runUntil(Long.MAX_VALUE - 5);
        timeline.after(5, note, 1);
        assertThatThrownBy(() -> timeline.after(6, note, 2))
                .isInstanceOf(EndOfTime.class)
                .hasMessageContaining("ends after 106.8 days");
        assertThatThrownBy(() -> timeline.run(6)).isInstanceOf(EndOfTime.class);
        timeline.run(5);
        assertThat(fired).containsExactly(1L);
        assertThat(timeline.waiting()).isZero();
    }

    @Test
    void inALaneNobodyOvertakes() {
        Timeline.Lane lane = timeline.lane();
        lane.at(10, note, 1);
        assertThatThrownBy(() -> lane.at(9, note, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("behind one at 10 ps");
        lane.at(10, note, 2);
        timeline.runUntil(10);
        assertThat(fired).containsExactly(1L, 2L);
    }
}
