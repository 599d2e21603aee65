package dev.cipu.shim.sim.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParetoFrontTest {
    private static Row row(String speed, String price) {
        return new Row(Map.of("speed", speed, "price", price));
    }

    @Test
    void onlyWhatNothingBeatsIsLeft() {
        Row cheap = row("1", "1");
        Row fast = row("9", "5");
        Row beaten = row("8", "5");
        Row twin = row("9", "5");
        Row middle = row("5", "3");
        Row failed = row("", "0");
        assertThat(ParetoFront.of(
                        List.of(beaten, cheap, fast, twin, middle, failed),
                        List.of(new Objective("speed", true), new Objective("price", false))))
                .containsExactly(cheap, fast, twin, middle);
    }

    @Test
    void withOneObjectiveTheBestIsLeft() {
        assertThat(ParetoFront.of(
                        List.of(row("3", "1"), row("4", "2"), row("2", "0")), List.of(new Objective("speed", true))))
                .containsExactly(row("4", "2"));
    }
}
