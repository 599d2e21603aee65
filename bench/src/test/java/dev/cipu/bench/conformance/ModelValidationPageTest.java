package dev.cipu.bench.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.sim.validation.Validation;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** docs/model-validation.md says what the model says; and that is worth something. */
class ModelValidationPageTest {
    private final Validation validation = Validation.run(2);

    @Test
    void thePageIsUpToDate() throws IOException {
        GeneratedPage.check("model-validation.md", new ModelValidationPage(validation).page());
    }

    @Test
    void halfOfTheFiguresArePredictedAndHalfOfTheErrorsSmall() {
        assertThat(validation.predicted() * 2)
                .isGreaterThanOrEqualTo(validation.checks().size());
        assertThat(validation.medianError()).isLessThanOrEqualTo(0.1);
        assertThat(validation.medianPredicted()).isLessThanOrEqualTo(0.1);
    }

    /** What is set from a figure has to give it back. */
    @Test
    void whatIsFittedFits() {
        assertThat(validation.checks().stream().filter(each -> each.fitted()))
                .allSatisfy(each ->
                        assertThat(Math.abs(each.error())).as(each.what()).isLessThan(0.05));
    }
}
