package dev.cipu.shim.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FaultBudgetTest {
    @Test
    void faultsThatAreForgottenDoNotCount() {
        FaultBudget budget = new FaultBudget(2, Duration.ofNanos(10));
        assertThat(budget.spend(-5)).isTrue();
        assertThat(budget.spend(5)).isTrue();
        assertThat(budget.spend(5)).isFalse();
        assertThat(budget.spend(6)).isTrue();
        assertThat(budget.spend(16)).isTrue();
        assertThat(budget.spend(16)).isFalse();
    }
}
