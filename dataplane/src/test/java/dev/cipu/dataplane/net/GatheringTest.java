package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When frames are left in a guest's ring for a while, and when not. */
class GatheringTest {
    private static final long TURN_NANOS = 25;

    private long now = Long.MAX_VALUE - 1000;
    private int readings;
    private final Gathering gathering = new Gathering(() -> {
        readings++;
        return now;
    });

    @Test
    void aGuestThatSendsLittleNeverWaits() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(nanosUntilTaken(1 + i % (Gathering.LOADED - 1), 0, TURN_NANOS))
                    .isZero();
        }
        assertThat(readings).isZero();
    }

    @Test
    void aBurstWaitsUntilItIsLarge() {
        assertThat(nanosUntilTaken(32, 0, TURN_NANOS)).isZero();
        for (int i = 0; i < 1000; i++) {
            // one frame more each turn: enough after 44 turns, seen at the next look
            assertThat(nanosUntilTaken(20, 1, TURN_NANOS)).isEqualTo(4 * Gathering.STRIDE_NANOS);
        }
    }

    @Test
    void aLargeBurstIsTakenAtOnceWithoutALookAtTheClock() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(nanosUntilTaken(Gathering.ENOUGH + i % 3, 0, TURN_NANOS)).isZero();
        }
        assertThat(readings).isZero();
    }

    @Test
    void aBurstNeverWaitsLongerThanItsPatience() {
        gathering.took(Gathering.LOADED);
        assertThat(nanosUntilTaken(20, 0, TURN_NANOS)).isEqualTo(Gathering.PATIENCE_NANOS);
    }

    @Test
    void onABusyWorkerItWaitsNoMoreThanATurnLonger() {
        gathering.took(Gathering.LOADED);
        assertThat(nanosUntilTaken(20, 0, 15_000)).isEqualTo(30_000);
        gathering.took(Gathering.LOADED);
        assertThat(nanosUntilTaken(20, 0, 1_000_000)).isEqualTo(1_000_000);
    }

    @Test
    void aGuestWhoseBurstsDoNotGrowIsSoonServedAtOnce() {
        gathering.took(32);
        long waited = 0;
        for (int i = 0; i < Gathering.RETRY; i++) {
            waited += nanosUntilTaken(32, 0, TURN_NANOS);
        }
        assertThat(waited).isPositive().isLessThan(2 * Gathering.PATIENCE_NANOS);
        assertThat(nanosUntilTaken(32, 0, TURN_NANOS)).isZero();
    }

    @Test
    void waitingIsTriedAgainLater() {
        gathering.took(32);
        int waits = 0;
        for (int i = 0; i < 3 * Gathering.RETRY; i++) {
            waits += nanosUntilTaken(32, 0, TURN_NANOS) == Gathering.PATIENCE_NANOS ? 1 : 0;
        }
        assertThat(waits).isEqualTo(3);
    }

    /** Time from the first look at a burst to the turn that takes it. */
    private long nanosUntilTaken(int frames, int growth, long turnNanos) {
        long from = now;
        int available = frames;
        while (gathering.isOn() && (gathering.looksAway() || gathering.waits(available))) {
            now += turnNanos;
            available += growth;
        }
        gathering.took(Math.min(available, Burst.CAPACITY));
        return now - from;
    }
}
