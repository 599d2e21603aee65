package dev.cipu.device.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class EvidenceTest {
    private static final Source PAPER = new Source("paper", "A paper", 2024);

    @ParameterizedTest
    @EnumSource(
            mode = Mode.EXCLUDE,
            names = {"RECALLED", "ASSUMED"})
    void whatWasReadNamesItsSourceAndThePlace(Mark mark) {
        assertThat(new Evidence(mark, PAPER, "table 1", "because").text()).isEqualTo("A paper, 2024, table 1. because");
        assertThatThrownBy(() -> new Evidence(mark, null, null, "because")).hasMessageContaining("needs a source");
        assertThatThrownBy(() -> new Evidence(mark, PAPER, null, "because")).hasMessageContaining("needs 'at'");
        assertThatThrownBy(() -> new Evidence(mark, PAPER, " ", "because")).hasMessageContaining("needs 'at'");
    }

    @ParameterizedTest
    @EnumSource(names = {"RECALLED", "ASSUMED"})
    void whatWasNotReadGivesAReasonAndCitesNothing(Mark mark) {
        assertThat(new Evidence(mark, null, null, "because").text()).isEqualTo(mark.meaning() + ": because");
        assertThatThrownBy(() -> new Evidence(mark, PAPER, "table 1", "because"))
                .hasMessageContaining("cannot cite");
        assertThatThrownBy(() -> new Evidence(mark, null, "table 1", "because")).hasMessageContaining("cannot cite");
        assertThatThrownBy(() -> new Evidence(mark, null, null, null)).hasMessageContaining("needs a reason");
        assertThatThrownBy(() -> new Evidence(mark, null, null, "")).hasMessageContaining("needs a reason");
    }

    @Test
    void aDerivedFigureSaysHow() {
        assertThatThrownBy(() -> new Evidence(Mark.DERIVED, PAPER, "table 1", null))
                .hasMessageContaining("needs a reason");
        assertThat(new Evidence(Mark.READ, PAPER, "table 1", null).text()).isEqualTo("A paper, 2024, table 1");
    }

    @Test
    void aSourceHasATitleAndAYear() {
        assertThatThrownBy(() -> new Source("paper", " ", 2024)).hasMessageContaining("no document");
        assertThatThrownBy(() -> new Source("paper", "A paper", 24)).hasMessageContaining("year 24");
        assertThatThrownBy(() -> new Source("paper", "A paper", 20240)).hasMessageContaining("year 20240");
    }
}
