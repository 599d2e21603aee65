package dev.cipu.sim.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class DiceTest {
    /** Of this generator's published test values. */
    @Test
    void throwsAreTheGeneratorsOnAnyMachine() {
        Dice dice = new Dice(1234567);
        assertThat(Long.toUnsignedString(dice.next())).isEqualTo("6457827717110365317");
        assertThat(Long.toUnsignedString(dice.next())).isEqualTo("3203168211198807973");
        assertThat(Long.toUnsignedString(dice.next())).isEqualTo("9817491932198370423");
        assertThat(Long.toUnsignedString(dice.next())).isEqualTo("4593380528125082431");
        assertThat(Long.toUnsignedString(dice.next())).isEqualTo("16408922859458223821");
    }

    @Test
    void partsHaveDiceOfTheirOwn() {
        assertThat(Dice.of(1, "memory").next()).isEqualTo(Dice.of(1, "memory").next());
        assertThat(Dice.of(1, "memory").next()).isNotEqualTo(Dice.of(1, "disk").next());
        assertThat(Dice.of(1, "memory").next())
                .isNotEqualTo(Dice.of(2, "memory").next());
        assertThat(Dice.of(1, "ab").next()).isNotEqualTo(Dice.of(1, "ba").next());
    }

    @Test
    void boundedThrowsAreEven() {
        Dice dice = new Dice(4);
        int[] counts = new int[10];
        for (int i = 0; i < 100_000; i++) {
            counts[dice.below(10)]++;
        }
        for (int count : counts) {
            assertThat(count).isCloseTo(10_000, within(400));
        }
    }

    @Test
    void timesBetweenChanceEventsHaveTheirMeanAndTheirSpread() {
        Dice dice = new Dice(5);
        double sum = 0;
        int beyond = 0;
        for (int i = 0; i < 100_000; i++) {
            long time = dice.exponential(1_000_000);
            assertThat(time).isNotNegative();
            sum += time;
            beyond += time > 3_000_000 ? 1 : 0;
        }
        assertThat(sum / 100_000).isCloseTo(1_000_000, within(10_000.0));
        // e to the -3 is 4.98 %
        assertThat(beyond).isCloseTo(4_979, within(250));
    }
}
