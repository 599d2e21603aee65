package dev.cipu.shim.sim.sweep;

import dev.cipu.shim.sim.Amounts;
import dev.cipu.sim.event.Dice;
import java.util.List;

/** Something that a sweep varies, by the name that files give it. */
sealed interface Axis {
    String name();

    /** A value by chance. */
    String draw(Dice dice);

    /** Certain values. */
    record Choices(String name, List<String> values) implements Axis {
        @Override
        public String draw(Dice dice) {
            return values.get(dice.below(values.size()));
        }
    }

    /** Anything between two ends. */
    record Range(String name, double from, double to) implements Axis {
        private static final double ROUND = 1e6;

        @Override
        public String draw(Dice dice) {
            double value = from + (to - from) * dice.unit();
            return Amounts.plain(Math.round(value * ROUND) / ROUND);
        }
    }
}
