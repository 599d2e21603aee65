package dev.cipu.shim.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class OrderPlanTest {
    private static final long MILLI = 1_000_000;
    private static final long BEGIN = 5_000 * MILLI;

    private static final OrderPlan PLAN = new OrderPlan(
            List.of(
                    new OrderPlan.Phase("quiet", 1, 100),
                    new OrderPlan.Phase("peak", 0.5, 6_000),
                    new OrderPlan.Phase("silence", 0.1, 0),
                    new OrderPlan.Phase("tail", 1, 10)),
            4,
            1,
            MILLI);

    private final OrderPlan.Pace pace = PLAN.new Pace(BEGIN);

    @Test
    void ordersComeAtTheRateOfTheirPhase() {
        assertThat(PLAN.nanos()).isEqualTo(2_600 * MILLI);
        assertThat(pace.boundaries())
                .containsExactly(BEGIN + 1_000 * MILLI, BEGIN + 1_500 * MILLI, BEGIN + 1_600 * MILLI);
        assertThat(pace.due(BEGIN)).isZero();
        assertThat(pace.due(BEGIN + 500 * MILLI)).isEqualTo(50);
        assertThat(pace.due(BEGIN + 1_250 * MILLI)).isEqualTo(100 + 1_500);
        assertThat(pace.due(BEGIN + 1_550 * MILLI)).isEqualTo(100 + 3_000);
        assertThat(pace.due(BEGIN + 2_601 * MILLI)).isEqualTo(100 + 3_000 + 10);
    }

    @Test
    void anOrderIsDueWhenItHasJustBecomeSo() {
        for (long order : new long[] {0, 1, 98, 99, 100, 101, 1_500, 3_099, 3_100, 3_105}) {
            long due = pace.dueAt(order);
            assertThat(pace.due(due + 10)).as("just after order %d", order).isGreaterThan(order);
            assertThat(pace.due(due - 10)).as("just before order %d", order).isLessThanOrEqualTo(order);
        }
    }

    @Test
    void aPhaseEndsWithItsLastOrder() {
        assertThat(pace.endOfPhase(0)).isEqualTo(100);
        assertThat(pace.endOfPhase(99)).isEqualTo(100);
        assertThat(pace.endOfPhase(100)).isEqualTo(3_100);
        assertThat(pace.endOfPhase(3_105)).isEqualTo(3_110);
    }

    @Test
    void aSilentPlanHasNoOrder() {
        OrderPlan silent = new OrderPlan(List.of(new OrderPlan.Phase("silence", 1, 0)), 1, 0, MILLI);
        OrderPlan.Pace nothing = silent.new Pace(BEGIN);
        assertThat(nothing.due(BEGIN + 999 * MILLI)).isZero();
        assertThat(nothing.dueAt(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void refusesPlansThatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> new OrderPlan(List.of(), 1, 1, MILLI));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new OrderPlan.Phase("p", 0, 1))
                .withMessageContaining("phase p");
        assertThatIllegalArgumentException().isThrownBy(() -> new OrderPlan.Phase("p", 1, Double.NaN));
    }
}
