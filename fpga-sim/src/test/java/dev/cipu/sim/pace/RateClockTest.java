package dev.cipu.sim.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RateClockTest {
    private static final double MILLION = 1e6;

    @Test
    void thoseThatComeTogetherAreSpacedAndThoseThatComeSlowlyAreNot() {
        RateClock clock = new RateClock(MILLION, 100);
        assertThat(clock.take(100, 1)).isEqualTo(100);
        assertThat(clock.take(100, 1)).isEqualTo(1_100);
        assertThat(clock.take(150, 2)).isEqualTo(2_100);
        assertThat(clock.take(3_000, 1)).isEqualTo(4_100);
        assertThat(clock.take(6_000, 1)).isEqualTo(6_000);
    }

    /** Three in a nanosecond: what begins within one is told as its end, never as earlier than it is. */
    @Test
    void partsOfANanosecondAreRoundedUp() {
        RateClock clock = new RateClock(3e9, 0);
        assertThat(clock.take(0, 1)).isZero();
        assertThat(clock.take(0, 1)).isEqualTo(1);
    }

    @Test
    void timeThatNobodyUsedMakesNoBurst() {
        RateClock clock = new RateClock(MILLION, 0);
        assertThat(clock.take(1_000_000, 1)).isEqualTo(1_000_000);
        assertThat(clock.take(1_000_000, 1)).isEqualTo(1_001_000);
    }

    @Test
    void theRateIsNeverExceededAndReachedWithinAPerMille() {
        // a figure of cards whose nanoseconds are no whole number
        double perSecond = 7_200_000;
        RateClock clock = new RateClock(perSecond, 5);
        long last = 0;
        int count = 1_000_000;
        for (int i = 0; i <= count; i++) {
            last = clock.take(5, 1);
        }
        double seconds = (last - 5) / 1e9;
        assertThat(count / seconds).isLessThanOrEqualTo(perSecond).isGreaterThan(perSecond * 0.999);
    }

    @Test
    void aClockThatRunsOverIsNoLater() {
        long begin = Long.MAX_VALUE - 500;
        RateClock clock = new RateClock(MILLION, begin);
        for (int i = 0; i < 3; i++) {
            assertThat(clock.take(begin, 1) - begin).isEqualTo(1_000L * i);
        }
        assertThat(clock.take(begin + 10_000, 1)).isEqualTo(begin + 10_000);
    }

    @Test
    void workersThatShareItGetTurnsOfTheirOwn() throws InterruptedException {
        RateClock clock = new RateClock(MILLION, 0);
        int each = 50_000;
        long[][] turns = new long[2][each];
        List<Thread> threads = new ArrayList<>();
        for (long[] own : turns) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    own[i] = clock.take(0, 1);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        long[] all = Arrays.stream(turns).flatMapToLong(Arrays::stream).sorted().toArray();
        for (int i = 0; i < all.length; i++) {
            assertThat(all[i]).isEqualTo(1_000L * i);
        }
    }
}
