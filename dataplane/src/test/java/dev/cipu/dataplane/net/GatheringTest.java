package dev.cipu.dataplane.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When frames are left in a guest's ring for a while, and when not. */
class GatheringTest {
    private final Gathering gathering = new Gathering();

    @Test
    void aGuestThatSendsLittleNeverWaits() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(turnsUntilTaken(1 + i % (Gathering.LOADED - 1), 0)).isZero();
        }
    }

    @Test
    void aBurstWaitsUntilItIsFull() {
        assertThat(turnsUntilTaken(32, 0)).isZero();
        for (int i = 0; i < 1000; i++) {
            // one frame more each turn: full after 44, seen at the next look
            assertThat(turnsUntilTaken(20, 1)).isEqualTo(48);
        }
    }

    @Test
    void aBurstNeverWaitsLongerThanItsPatience() {
        gathering.took(Gathering.LOADED);
        assertThat(turnsUntilTaken(20, 0)).isEqualTo(Gathering.PATIENCE);
    }

    @Test
    void aGuestWhoseBurstsDoNotGrowIsSoonServedAtOnce() {
        gathering.took(32);
        int waited = 0;
        for (int i = 0; i < Gathering.RETRY; i++) {
            waited += turnsUntilTaken(32, 0);
        }
        assertThat(waited).isPositive().isLessThan(2 * Gathering.PATIENCE);
        assertThat(turnsUntilTaken(32, 0)).isZero();
    }

    @Test
    void waitingIsTriedAgainLater() {
        gathering.took(32);
        int waits = 0;
        for (int i = 0; i < 3 * Gathering.RETRY; i++) {
            waits += turnsUntilTaken(32, 0) == Gathering.PATIENCE ? 1 : 0;
        }
        assertThat(waits).isEqualTo(3);
    }

    /** Turns from the first look at a burst to the one that takes it. */
    private int turnsUntilTaken(int frames, int grows) {
        int available = frames;
        int turns = 0;
        while (gathering.isOn() && (gathering.looksAway() || gathering.waits(available))) {
            turns++;
            available += grows;
        }
        gathering.took(Math.min(available, Burst.CAPACITY));
        return turns;
    }
}
